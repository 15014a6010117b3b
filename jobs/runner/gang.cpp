#include "jobs/runner/gang.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "core/io/clock.h"
#include "jobs/collective/first_rank.h"
#include "jobs/collective/mpi.h"
#ifdef XORCH_WITH_CUDA
#include "jobs/collective/gpus.h"
#include "jobs/collective/nccl.h"
#endif
#include "jobs/runner/own_process.h"
#include "jobs/runner/run_unit.h"

namespace xorch {

namespace {

// Nobody asks the other ranks to stop: they agree with rank 0.
class FollowingHost final : public UnitHost {
 public:
    bool stop_asked() override { return false; }

    Millis now() override { return read_clocks().boot; }

    void on_published() override {}
};

// Where artifacts of ranks go that nobody wants.
class ThrowawayFolder {
 public:
    ThrowawayFolder() {
        const char* base = std::getenv("TMPDIR");
        path_ = std::string(base == nullptr ? "/tmp" : base) + "/xorch-rank-XXXXXX";
        if (::mkdtemp(path_.data()) == nullptr) path_.clear();
    }

    ~ThrowawayFolder() {
        std::error_code error;
        if (!path_.empty()) std::filesystem::remove_all(path_, error);
    }

    ThrowawayFolder(const ThrowawayFolder&) = delete;
    ThrowawayFolder& operator=(const ThrowawayFolder&) = delete;

    const std::string& path() const { return path_; }

 private:
    std::string path_;
};

Result<Descriptor> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::invalid_input, "a name too long for a socket: " + path);
    path.copy(address.sun_path, path.size());
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (!socket.is_open() || ::connect(socket.number(), generic, sizeof address) != 0)
        return fail_from_errno("reaching the agent at " + path, errno);
    return socket;
}

// The one unit of this world; at ranks other than 0 with nothing to write to.
Result<OrderedUnit> share_order(Communicator& ranks, const Result<OrderedUnit>& own) {
    Result<std::string> frame = std::string();
    if (own) {
        frame = encode_runner_order(own->order);
    } else {
        frame = tl::unexpected(own.error());
    }
    const auto bytes = from_first_rank(ranks, std::move(frame));
    if (!bytes) return tl::unexpected(bytes.error());
    auto params = from_first_rank(ranks, own ? own->params : "");
    if (!params) return tl::unexpected(params.error());
    auto inputs = from_first_rank(ranks, own ? own->inputs : "");
    if (!inputs) return tl::unexpected(inputs.error());
    FrameInbox inbox;
    inbox.add(*bytes);
    const auto payload = inbox.next();
    if (!payload) return tl::unexpected(payload.error());
    const auto order = decode_runner_order(payload->value_or(""));
    if (!order) return tl::unexpected(order.error());
    OrderedUnit unit{std::get<RunUnit>(*order), std::move(*params), std::move(*inputs)};
    if (ranks.rank() != 0) {
        unit.order.records.clear();
        unit.order.publish.clear();
    }
    return unit;
}

class Gang {
 public:
    Gang(MpiWorld& world, const GangEntry& entry, const RunnerEquipment& equipment)
        : world_(world),
          patience_(entry.patience),
          equipment_(equipment),
          ranks_(make_mpi(world, entry.patience)),
          name_(fmt::format("rank {} on {}: ", world.rank(), world.node())) {}

    int lead(const std::string& socket) {
        auto connected = connect_to(socket);
        if (!connected) return give_up(connected.error());
        RunnerChannel channel(std::move(*connected));
        const auto heard = channel.wait();
        if (!heard) return give_up(heard.error());
        const RunUnit* order = *heard ? std::get_if<RunUnit>(&**heard) : nullptr;
        if (order == nullptr)
            return give_up({ErrorCode::unavailable, "the agent has no unit for this gang"});
        const std::uint64_t serial = order->serial;
        const auto unit = share_order(*ranks_, read_order(*order));
        UnitReturned returned{.serial = serial};
        if (unit) {
            ServedHost host(channel, serial);
            returned = run(*unit, host);
            hear_others(returned);
        } else {
            returned.message = unit.error().message;
        }
        flush();
        const auto told = channel.send(returned);
        if (!told) fmt::print(stderr, "xorch-runner: {}\n", told.error().message);
        if (told && is_well(returned)) return EXIT_SUCCESS;
        // Others may wait for this rank in a collective, and MPI's own end would wait for them.
        flush();
        std::_Exit(EXIT_FAILURE);
    }

    int follow() {
        auto unit = share_order(*ranks_, fail(ErrorCode::internal, "rank 0 knows"));
        if (!unit) return EXIT_FAILURE;
        const ThrowawayFolder folder;
        unit->order.out = folder.path();
        FollowingHost host;
        const UnitReturned returned = run(*unit, host);
        if (!is_well(returned)) {
            fmt::print(stderr, "{}\n", returned.message);
            flush();
            world_.tell_trouble(
                {.words = returned.message,
                 .out_of_memory = returned.outcome == UnitOutcome::out_of_memory}
            );
            return EXIT_FAILURE;
        }
        flush();
        // Should rank 0 not come, it is not for this rank to say why.
        return ranks_->gather(encode_runner_news(returned)) ? EXIT_SUCCESS : EXIT_FAILURE;
    }

 private:
    static bool is_well(const UnitReturned& returned) {
        return returned.outcome == UnitOutcome::done ||
               returned.outcome == UnitOutcome::checkpointed;
    }

    static void flush() {
        std::cout.flush();
        std::fflush(nullptr);
    }

    // Before there is a unit: the others wait for the order, and hear this instead.
    int give_up(Error why) {
        fmt::print(stderr, "xorch-runner: {}\n", why.message);
        (void)share_order(*ranks_, tl::unexpected(std::move(why)));
        return EXIT_FAILURE;
    }

    Result<std::unique_ptr<Communicator>> ranks_for_job() {
#ifdef XORCH_WITH_CUDA
        if (equipment_.has_gpu != nullptr && equipment_.has_gpu())
            return make_nccl(*ranks_, own_gpu(), patience_);
#endif
        return make_mpi(world_, patience_);
    }

#ifdef XORCH_WITH_CUDA
    // The launcher shows a rank its own GPU, or all ranks of a node those of the node.
    int own_gpu() const {
        const auto listed = list_gpus();
        const auto count = listed ? static_cast<int>(listed->gpus.size()) : 0;
        return count == 0 ? 0 : world_.local_rank() % count;
    }
#endif

    UnitReturned run(const OrderedUnit& unit, UnitHost& host) {
        auto ranks = ranks_for_job();
        if (!ranks) return {.serial = unit.order.serial, .message = name_ + ranks.error().message};
        UnitReturned returned =
            run_unit(unit, host, equipment_, {.ranks = std::move(*ranks), .name = name_});
        returned.memory_peak = memory_peak_bytes();
        return returned;
    }

    // At rank 0: the unit went well only if it did so everywhere.
    void hear_others(UnitReturned& returned) {
        const auto blame = [&](std::string words) {
            returned.outcome = UnitOutcome::failed;
            returned.message = std::move(words);
        };
        // What rank 0 says of its own is then about a collective that broke off.
        if (auto trouble = world_.hear_trouble()) {
            blame(std::move(trouble->words));
            if (trouble->out_of_memory) returned.outcome = UnitOutcome::out_of_memory;
            return;
        }
        if (!is_well(returned)) return;
        const auto reports = ranks_->gather(encode_runner_news(returned));
        if (!reports) return blame(reports.error().message);
        for (std::size_t rank = 0; rank < reports->size(); ++rank) {
            const auto report = read_report((*reports)[rank]);
            if (!report || report->outcome != returned.outcome)
                return blame(fmt::format("rank {} ended otherwise than rank 0", rank));
            returned.memory_peak = std::max(returned.memory_peak, report->memory_peak);
            if (report->env_key == returned.env_key) continue;
            returned.remark = fmt::format(
                "rank {} runs under \"{}\", rank 0 under \"{}\": their weights may part",
                rank,
                report->env_key,
                returned.env_key
            );
        }
    }

    static Result<UnitReturned> read_report(const std::string& bytes) {
        FrameInbox inbox;
        inbox.add(bytes);
        const auto payload = inbox.next();
        if (!payload) return tl::unexpected(payload.error());
        const auto news = decode_runner_news(payload->value_or(""));
        if (!news) return tl::unexpected(news.error());
        return std::get<UnitReturned>(*news);
    }

    MpiWorld& world_;
    Millis patience_;
    const RunnerEquipment& equipment_;
    std::unique_ptr<Communicator> ranks_;
    std::string name_;
};

}  // namespace

int serve_gang(const GangEntry& entry, const RunnerEquipment& equipment) {
    // Whoever started this rank is gone: so are the others, or they will be.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto world = MpiWorld::start();
    if (!world) {
        fmt::print(stderr, "xorch-runner: {}\n", world.error().message);
        return EXIT_FAILURE;
    }
    Gang gang(**world, entry, equipment);
    return (*world)->rank() == 0 ? gang.lead(entry.socket) : gang.follow();
}

}  // namespace xorch
