#include "jobs/collective/mpi.h"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

#include "jobs/collective/watchdog.h"

namespace xorch {

namespace {

// MPI counts elements in an int.
constexpr std::size_t elements_max = std::size_t{1} << 30U;

std::string error_text(int code) {
    std::array<char, MPI_MAX_ERROR_STRING> text{};
    int length = 0;
    MPI_Error_string(code, text.data(), &length);
    return {text.data(), static_cast<std::size_t>(length)};
}

Result<void> check(int code, std::string_view what) {
    if (code == MPI_SUCCESS) return {};
    return fail(ErrorCode::unavailable, fmt::format("{}: {}", what, error_text(code)));
}

template <class T>
MPI_Datatype type_of() {
    if constexpr (std::is_same_v<T, float>) return MPI_FLOAT;
    if constexpr (std::is_same_v<T, double>) return MPI_DOUBLE;
    if constexpr (std::is_same_v<T, std::int64_t>) return MPI_INT64_T;
}

void end_of_hang(int rank, const std::string& what) {
    fmt::print(stderr, "rank {} waited too long in {}\n", rank, what);
    std::fflush(stderr);
    // No destructor could run: the thread that owns everything is inside MPI.
    std::_Exit(hung_exit_code);
}

class MpiSum final : public PendingSum {
 public:
    MpiSum(Watchdog& dog, std::string what, std::vector<MPI_Request> requests)
        : dog_(dog), what_(std::move(what)), requests_(std::move(requests)) {}

    ~MpiSum() override { (void)wait(); }

    Result<void> wait() override {
        if (requests_.empty()) return {};
        const Watchdog::Guard guard(dog_, what_);
        const int count = static_cast<int>(requests_.size());
        const int code = MPI_Waitall(count, requests_.data(), MPI_STATUSES_IGNORE);
        requests_.clear();
        return check(code, what_);
    }

 private:
    Watchdog& dog_;
    std::string what_;
    std::vector<MPI_Request> requests_;
};

class MpiCommunicator final : public Communicator {
 public:
    MpiCommunicator(const MpiWorld& world, Millis patience)
        : world_(world), dog_(patience, [rank = world.rank()](const std::string& what) {
              end_of_hang(rank, what);
          }) {}

    int rank() const override { return world_.rank(); }

    int size() const override { return world_.size(); }

    Result<void> all_reduce_sum(std::span<float> values) override {
        return all_reduce(values, MPI_SUM);
    }

    Result<void> all_reduce_sum(std::span<double> values) override {
        return all_reduce(values, MPI_SUM);
    }

    Result<void> all_reduce_max(std::span<std::int64_t> values) override {
        return all_reduce(values, MPI_MAX);
    }

    Result<std::unique_ptr<PendingSum>> start_all_reduce_sum(std::span<float> values) override {
        std::string what = next("all_reduce", values.size_bytes());
        std::vector<MPI_Request> requests;
        for (std::size_t done = 0; done < values.size(); done += elements_max) {
            const auto part = values.subspan(done, std::min(elements_max, values.size() - done));
            const int code = MPI_Iallreduce(
                MPI_IN_PLACE,
                part.data(),
                static_cast<int>(part.size()),
                MPI_FLOAT,
                MPI_SUM,
                MPI_COMM_WORLD,
                &requests.emplace_back(MPI_REQUEST_NULL)
            );
            if (auto started = check(code, what); !started) {
                return tl::unexpected(started.error());
            }
        }
        return std::make_unique<MpiSum>(dog_, std::move(what), std::move(requests));
    }

    Result<void> broadcast(std::span<std::byte> bytes, int root) override {
        const std::string what = next("broadcast", bytes.size());
        const Watchdog::Guard guard(dog_, what);
        for (std::size_t done = 0; done < bytes.size(); done += elements_max) {
            const auto part = bytes.subspan(done, std::min(elements_max, bytes.size() - done));
            const int size = static_cast<int>(part.size());
            const int code = MPI_Bcast(part.data(), size, MPI_BYTE, root, MPI_COMM_WORLD);
            if (auto sent = check(code, what); !sent) return sent;
        }
        return {};
    }

    Result<std::vector<std::string>> gather(std::string_view bytes) override {
        const std::string what = next("gather", bytes.size());
        const Watchdog::Guard guard(dog_, what);
        const bool is_root = rank() == 0;
        // Every rank must agree to go on, so a text that is too long is told to all of them.
        std::array<std::int64_t, 2> sizes{static_cast<std::int64_t>(bytes.size()), 0};
        sizes[1] = sizes[0] * size();
        const int agreed =
            MPI_Allreduce(MPI_IN_PLACE, sizes.data(), 2, MPI_INT64_T, MPI_MAX, MPI_COMM_WORLD);
        if (auto known = check(agreed, what); !known) return tl::unexpected(known.error());
        if (sizes[1] > std::numeric_limits<int>::max()) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("{}: some rank gives {} bytes", what, sizes[0])
            );
        }
        const int own = static_cast<int>(bytes.size());
        std::vector<int> lengths(is_root ? static_cast<std::size_t>(size()) : 0);
        const int counted =
            MPI_Gather(&own, 1, MPI_INT, lengths.data(), 1, MPI_INT, 0, MPI_COMM_WORLD);
        if (auto known = check(counted, what); !known) return tl::unexpected(known.error());
        std::vector<int> places;
        int all = 0;
        for (const int length : lengths) {
            places.push_back(all);
            all += length;
        }
        std::string joined(static_cast<std::size_t>(all), '\0');
        const int sent = MPI_Gatherv(
            bytes.data(),
            own,
            MPI_BYTE,
            joined.data(),
            lengths.data(),
            places.data(),
            MPI_BYTE,
            0,
            MPI_COMM_WORLD
        );
        if (auto known = check(sent, what); !known) return tl::unexpected(known.error());
        std::vector<std::string> parts;
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            const auto begin = static_cast<std::size_t>(places[i]);
            parts.push_back(joined.substr(begin, static_cast<std::size_t>(lengths[i])));
        }
        return parts;
    }

    Result<void> barrier() override {
        const std::string what = next("barrier", 0);
        const Watchdog::Guard guard(dog_, what);
        return check(MPI_Barrier(MPI_COMM_WORLD), what);
    }

 private:
    template <class T>
    Result<void> all_reduce(std::span<T> values, MPI_Op operation) {
        const std::string what = next("all_reduce", values.size_bytes());
        const Watchdog::Guard guard(dog_, what);
        for (std::size_t done = 0; done < values.size(); done += elements_max) {
            const auto part = values.subspan(done, std::min(elements_max, values.size() - done));
            const int code = MPI_Allreduce(
                MPI_IN_PLACE,
                part.data(),
                static_cast<int>(part.size()),
                type_of<T>(),
                operation,
                MPI_COMM_WORLD
            );
            if (auto reduced = check(code, what); !reduced) return reduced;
        }
        return {};
    }

    std::string next(std::string_view name, std::size_t bytes) {
        return fmt::format("{} of {} bytes, collective {}", name, bytes, ++calls_);
    }

    const MpiWorld& world_;
    Watchdog dog_;
    std::uint64_t calls_ = 0;
};

}  // namespace

Result<std::unique_ptr<MpiWorld>> MpiWorld::start() {
    int provided = MPI_THREAD_SINGLE;
    const int code = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    if (auto started = check(code, "starting MPI"); !started) {
        return tl::unexpected(started.error());
    }
    if (provided < MPI_THREAD_FUNNELED) {
        return fail(ErrorCode::unavailable, "this MPI cannot live beside other threads");
    }
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    int rank = 0;
    int size = 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    return std::unique_ptr<MpiWorld>(new MpiWorld(rank, size));
}

MpiWorld::~MpiWorld() {
    MPI_Finalize();
}

std::string MpiWorld::version() {
    std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
    int length = 0;
    MPI_Get_library_version(text.data(), &length);
    return {text.data(), static_cast<std::size_t>(length)};
}

std::unique_ptr<Communicator> make_mpi(const MpiWorld& world, Millis patience) {
    return std::make_unique<MpiCommunicator>(world, patience);
}

}  // namespace xorch
