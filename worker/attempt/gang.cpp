// Units of several ranks: this agent leads them, wherever they run. The attempt's process is the
// launcher; ranks on this node may be children of Slurm's daemon instead of ours.

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/io/console.h"
#include "core/io/network.h"
#include "core/io/spawn.h"
#include "core/output_pack.h"
#include "worker/attempt/content.h"
#include "worker/gang/plan.h"
#include "worker/gang/ranks.h"
#include "worker/os/hardware.h"

namespace xorch {

namespace {

// A launcher that has not started anything by then waits for something that does not come: an inner
// step without --overlap does so silently and for ever.
constexpr std::chrono::seconds begins_within{60};

constexpr std::size_t said_bytes_max = 512;

// What Slurm needs to end the ranks on other nodes, once those here were killed or their launcher
// was.
constexpr Millis launcher_may_take{5'000};

std::uint64_t port_seed(const Assignment& assignment) {
    std::uint64_t seed = assignment.attempt.value;
    for (const std::uint8_t byte : assignment.id.bytes)
        seed = seed * 257 + byte;
    return seed;
}

std::vector<std::string> nodes_of(const std::vector<RankHost>& hosts) {
    std::vector<std::string> nodes;
    for (const RankHost& host : hosts)
        nodes.push_back(host.node);
    return nodes;
}

// Nobody else's, so that a stranger who finds the port is not taken for a node.
Result<std::string> fresh_token() {
    std::array<std::uint64_t, 2> numbers{};
    if (::getrandom(numbers.data(), sizeof numbers, 0) != sizeof numbers)
        return fail_from_errno("asking for random numbers", errno);
    return fmt::format("{:016x}{:016x}", numbers[0], numbers[1]);
}

bool is_at_end(const Descriptor& socket) {
    char byte = 0;
    return ::recv(socket.number(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

}  // namespace

Result<void> AttemptRunner::Content::begin_gang(Attempt& attempt) {
    const Assignment& assignment = attempt.order.assignment;
    attempt.gang.emplace();
    // All nodes must see it.
    attempt.scratch = settings.layout.gang(assignment.id, assignment.attempt);
    auto address = gang_address(assignment.hosts);
    if (!address) return tl::unexpected(address.error());
    attempt.gang->address = std::move(*address);
    const auto folder = lease_folder();
    if (!folder) return tl::unexpected(folder.error());
    auto port = lease_port(*folder, port_seed(assignment));
    if (!port) return tl::unexpected(port.error());
    attempt.gang->port = std::move(*port);
    const bool has_others = assignment.hosts.size() > 1;
    if (has_others && !checked_nodes.contains(nodes_of(assignment.hosts))) {
        auto check = lease_port(*folder, port_seed(assignment));
        if (!check) return tl::unexpected(check.error());
        attempt.gang->check = std::move(*check);
        auto token = fresh_token();
        if (!token) return tl::unexpected(token.error());
        attempt.gang->check_token = std::move(*token);
    }
    return is_native(*attempt.stage) ? listen_to_gang(attempt) : Result<void>();
}

// Numeric, and as the other nodes of the gang know this one: by the way to the node from which
// Slurm started the agents.
Result<std::string> AttemptRunner::Content::gang_address(const std::vector<RankHost>& hosts) const {
    if (hosts.size() == 1) return std::string("127.0.0.1");
    if (!sweep.interface.empty()) return find_address(sweep.interface);
    const char* origin = find_variable(base_environment, "SLURM_LAUNCH_NODE_IPADDR");
    if (origin != nullptr) return find_address_towards(origin);
    return find_address("");
}

GangRequest AttemptRunner::Content::gang_request(const Attempt& attempt) const {
    const auto& hosts = attempt.order.assignment.hosts;
    const Resources& resources = attempt.stage->resources;
    const std::size_t wanted = hosts.front().ranks * std::size_t{std::max(resources.cpus, 1U)};
    return {
        .launch =
            {.launcher = launcher_of(sweep),
                     .hosts = hosts,
                     .resources = resources,
                     .mpi = sweep.slurm.mpi,
                     .oversubscribed = wanted > usable_cpus().size(),
                     .in_job = sweep.backend == BackendKind::slurm},
        .program = settings.program,
        .native_program = settings.native_program,
        .socket = attempt.gang->socket_path,
        .address = attempt.gang->address,
        .port = attempt.gang->port.port,
        .check_port = attempt.gang->check.port,
        .check_token = attempt.gang->check_token,
        .own_environment = base_environment
    };
}

void AttemptRunner::Content::watch_gang(Attempt& attempt) {
    GangRun& gang = *attempt.gang;
    if (gang.began) return;
    gang.began = ::access((attempt.scratch + "/" + gang_started_name).c_str(), F_OK) == 0;
    // It runs only if all nodes have reported.
    if (gang.began) checked_nodes.insert(nodes_of(attempt.order.assignment.hosts));
    if (gang.began || now.boot < attempt.started + begins_within) return;
    const std::string said = last_lines(attempt.capture.recent(), 1, said_bytes_max);
    impose(
        attempt,
        Cause::spawn,
        fmt::format(
            "{} started no rank within {} s: {}",
            launcher_name(launcher_of(sweep)),
            begins_within.count(),
            said.empty() ? "it waits for resources" : said
        )
    );
}

std::vector<Process> AttemptRunner::Content::processes_of(const Attempt& attempt) {
    std::vector<Process> found = ownership.processes_of(attempt.serial);
    if (!attempt.gang) return found;
    for (Process& process : ranks_of_gang(attempt.scratch)) {
        if (std::find(found.begin(), found.end(), process) == found.end()) {
            found.push_back(std::move(process));
        }
    }
    return found;
}

// At once: whatever is ordered next may be given what they use.
void AttemptRunner::Content::end_lent_ranks(const AttemptOrder& order) const {
    const auto* named = std::get_if<EndRanks>(&order);
    std::vector<std::string> kept;
    if (const auto* all = std::get_if<EndForeignRanks>(&order); all != nullptr) {
        for (const LentRanks& each : all->but)
            kept.push_back(settings.layout.gang(each.id, each.attempt));
    }
    const bool all_gone = end_processes([&] {
        if (named != nullptr) return ranks_of_gang(settings.layout.gang(named->id, named->attempt));
        return ranks_led_elsewhere(settings.layout.root, settings.incarnation, kept);
    });
    if (!all_gone) say_line(stderr, "xorch agent: a rank of another agent's gang does not end");
}

// Not by the launcher: srun would kill all ranks at once, and mpirun a second later. Their parents
// look for a file, wherever they are.
void AttemptRunner::Content::terminate_gang(Attempt& attempt) const {
    const std::string path = attempt.scratch + "/" + gang_terminate_name;
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!file.is_open()) attempt.notes.emplace_back("its ranks could not be sent TERM before KILL");
}

// A launcher that is killed cannot end the ranks on other nodes: it is told, and sees those here
// die.
void AttemptRunner::Content::kill_gang(Attempt& attempt) {
    for (const Process& process : ranks_of_gang(attempt.scratch))
        signal_process(process, SIGKILL);
    const bool has_others = attempt.order.assignment.hosts.size() > 1;
    ::kill(attempt.pid, has_others ? SIGTERM : SIGKILL);
    attempt.next_stop_step = now.boot + launcher_may_take;
}

void AttemptRunner::Content::kill_launcher_in_time(Attempt& attempt) {
    if (now.boot < attempt.next_stop_step) return;
    attempt.next_stop_step = now.boot + launcher_may_take;
    ::kill(attempt.pid, SIGKILL);
}

// After its launcher: true as long as ranks are left here, or helpers of a launcher that was
// killed, which then tell Slurm to end those elsewhere.
bool AttemptRunner::Content::ends_gang(const Attempt& attempt) {
    const std::vector<Process> ranks = ranks_of_gang(attempt.scratch);
    for (const Process& process : ranks)
        signal_process(process, SIGKILL);
    if (!ranks.empty()) return true;
    return now.boot < attempt.ended + launcher_may_take &&
           !ownership.processes_of(attempt.serial).empty();
}

Result<void> AttemptRunner::Content::listen_to_gang(Attempt& attempt) {
    GangRun& gang = *attempt.gang;
    gang.socket_path = settings.scratch + "/gang-" + std::to_string(attempt.serial);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (gang.socket_path.size() >= sizeof address.sun_path) {
        return fail(
            ErrorCode::invalid_input,
            "the path of its socket is too long, set TMPDIR to a shorter one: " + gang.socket_path
        );
    }
    std::memcpy(address.sun_path, gang.socket_path.c_str(), gang.socket_path.size() + 1);
    gang.listener = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::unlink(gang.socket_path.c_str());
    // The folder is this user's alone, and so is the socket.
    const bool listens =
        gang.listener.is_open() && ::fchmod(gang.listener.number(), 0600) == 0 &&
        ::bind(gang.listener.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) ==
            0 &&
        ::listen(gang.listener.number(), 1) == 0;
    if (!listens) return fail_from_errno("listening for rank 0", errno);
    return watch_descriptor(gang.listener, attempt.serial, EventKind::gang);
}

void AttemptRunner::Content::on_gang_event(Attempt& attempt) {
    if (!attempt.gang) return;
    GangRun& gang = *attempt.gang;
    if (gang.socket.is_open()) return hear_gang(attempt);
    Descriptor caller(::accept4(gang.listener.number(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!caller.is_open()) return;
    ucred who{};
    socklen_t size = sizeof who;
    const int asked = ::getsockopt(caller.number(), SOL_SOCKET, SO_PEERCRED, &who, &size);
    if (asked != 0 || who.uid != ::geteuid()) return;
    gang.socket = std::move(caller);
    // One rank 0, once.
    gang.listener = Descriptor();
    ::unlink(gang.socket_path.c_str());
    auto watched = watch_descriptor(gang.socket, attempt.serial, EventKind::gang);
    if (watched && !send_order(gang.socket, unit_for_runner(attempt))) {
        watched = fail(ErrorCode::unavailable, "rank 0 does not listen");
    }
    if (!watched) impose(attempt, Cause::crash, watched.error().message);
    if (attempt.stop != StopStep::none) send_order(gang.socket, StopUnit{attempt.serial});
}

void AttemptRunner::Content::hear_gang(Attempt& attempt) {
    GangRun& gang = *attempt.gang;
    const auto heard = read_news(gang.socket, gang.inbox);
    if (!heard) {
        impose(attempt, Cause::crash, heard.error().message);
        gang.socket = Descriptor();
        return;
    }
    for (const RunnerNews& item : *heard) {
        if (attempt.phase != AttemptPhase::running || gang.returned) break;
        if (const auto* returned = std::get_if<UnitReturned>(&item)) {
            if (returned->serial != attempt.serial) continue;
            gang.returned = true;
            take_over(attempt, *returned);
        } else {
            look_for_checkpoints(attempt);
        }
    }
    // Nothing follows: the gang is told so by the end of the stream.
    if (gang.returned || is_at_end(gang.socket)) gang.socket = Descriptor();
}

}  // namespace xorch
