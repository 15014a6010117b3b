#include "jobs/collective/mpi.h"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <optional>

#include "jobs/collective/mpi_error.h"
#include "jobs/collective/watchdog.h"

namespace xorch {

namespace {

// MPI counts elements in an int.
constexpr std::size_t elements_max = std::size_t{1} << 30U;

// A checkpoint of some gigabytes on a busy file system takes minutes.
constexpr int patiences_of_a_barrier = 10;

// Looks for trouble cost as much as looks for the end of a collective, and can be late.
constexpr int looks_per_look_for_trouble = 32;

template <class T>
MPI_Datatype type_of() {
    if constexpr (std::is_same_v<T, float>) return MPI_FLOAT;
    if constexpr (std::is_same_v<T, double>) return MPI_DOUBLE;
    if constexpr (std::is_same_v<T, std::int64_t>) return MPI_INT64_T;
}

void end_of_hang(const MpiWorld& world, const std::string& what) {
    fmt::print(stderr, "rank {} on {} waited too long in {}\n", world.rank(), world.node(), what);
    std::fflush(stderr);
    // No destructor could run: the thread that owns everything is inside MPI.
    std::_Exit(hung_exit_code);
}

class MpiCommunicator final : public Communicator {
 public:
    MpiCommunicator(MpiWorld& world, Millis patience)
        : world_(world),
          dog_(patience, [&world](const std::string& what) { end_of_hang(world, what); }) {}

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

    Result<std::unique_ptr<PendingSum>> start_all_reduce_sum(std::span<double> values) override {
        if (failure_) return tl::unexpected(*failure_);
        auto sum = std::make_unique<MpiSum>(*this, next("all_reduce", values.size_bytes()));
        for (std::size_t done = 0; done < values.size(); done += elements_max) {
            const auto part = values.subspan(done, std::min(elements_max, values.size() - done));
            const int code = MPI_Iallreduce(
                MPI_IN_PLACE,
                part.data(),
                static_cast<int>(part.size()),
                MPI_DOUBLE,
                MPI_SUM,
                MPI_COMM_WORLD,
                &sum->add_request()
            );
            if (auto started = final_check(code, sum->what()); !started) {
                return tl::unexpected(started.error());
            }
        }
        return sum;
    }

    Result<void> broadcast(std::span<std::byte> bytes, int root) override {
        const std::string what = next("broadcast", bytes.size());
        const Watchdog::Guard guard(dog_, what);
        if (auto met = meet(what); !met) return met;
        for (std::size_t done = 0; done < bytes.size(); done += elements_max) {
            const auto part = bytes.subspan(done, std::min(elements_max, bytes.size() - done));
            const int size = static_cast<int>(part.size());
            const int code = MPI_Bcast(part.data(), size, MPI_BYTE, root, MPI_COMM_WORLD);
            if (auto sent = final_check(code, what); !sent) return sent;
        }
        return {};
    }

    Result<std::vector<std::string>> gather(std::string_view bytes) override {
        const std::string what = next("gather", bytes.size());
        const Watchdog::Guard guard(dog_, what);
        if (auto met = meet(what); !met) return tl::unexpected(met.error());
        // Every rank must agree to go on, so a text that is too long is told to all of them.
        std::array<std::int64_t, 2> sizes{static_cast<std::int64_t>(bytes.size()), 0};
        sizes[1] = sizes[0] * size();
        const int agreed =
            MPI_Allreduce(MPI_IN_PLACE, sizes.data(), 2, MPI_INT64_T, MPI_MAX, MPI_COMM_WORLD);
        if (auto known = final_check(agreed, what); !known) return tl::unexpected(known.error());
        if (sizes[1] > std::numeric_limits<int>::max()) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("{}: some rank gives {} bytes", what, sizes[0])
            );
        }
        return gather_short(bytes, what);
    }

    Result<void> barrier() override {
        const std::string what = next("barrier", 0);
        const Watchdog::Guard guard(dog_, what, patiences_of_a_barrier);
        return meet(what);
    }

 private:
    using Requests = std::vector<MPI_Request>;

    class MpiSum final : public PendingSum {
     public:
        MpiSum(MpiCommunicator& ranks, std::string what) : ranks_(ranks), what_(std::move(what)) {}

        ~MpiSum() override { (void)wait(); }

        const std::string& what() const { return what_; }

        // Until the next one is added.
        MPI_Request& add_request() { return requests_.emplace_back(MPI_REQUEST_NULL); }

        Result<void> wait() override {
            if (requests_.empty()) return {};
            const Watchdog::Guard guard(ranks_.dog_, what_);
            auto ended = ranks_.finish(requests_, what_);
            requests_.clear();
            return ended;
        }

        bool has_ended() override {
            int ended = 1;
            if (requests_.empty() || ranks_.failure_) return true;
            const int count = static_cast<int>(requests_.size());
            const int code = MPI_Testall(count, requests_.data(), &ended, MPI_STATUSES_IGNORE);
            return code != MPI_SUCCESS || ended != 0;  // wait() will say what is wrong
        }

     private:
        MpiCommunicator& ranks_;
        std::string what_;
        Requests requests_;
    };

    // Looks instead of waiting, since a rank that is in trouble never ends the collective.
    Result<void> finish(Requests& requests, const std::string& what) {
        if (failure_) return tl::unexpected(*failure_);
        for (int looks = 0;; ++looks) {
            int ended = 0;
            const int count = static_cast<int>(requests.size());
            const int code = MPI_Testall(count, requests.data(), &ended, MPI_STATUSES_IGNORE);
            if (auto sound = final_check(code, what); !sound) return sound;
            if (ended != 0) return {};
            if (rank() != 0 || looks % looks_per_look_for_trouble != 0) continue;
            if (auto trouble = world_.hear_trouble()) {
                failure_ = Error{ErrorCode::unavailable, std::move(trouble->words)};
                return tl::unexpected(*failure_);
            }
        }
    }

    // Every rank is here, and none in trouble: the collective that follows may wait inside MPI.
    Result<void> meet(const std::string& what) {
        if (failure_) return tl::unexpected(*failure_);
        Requests requests{MPI_REQUEST_NULL};
        const int code = MPI_Ibarrier(MPI_COMM_WORLD, requests.data());
        if (auto started = final_check(code, what); !started) return started;
        return finish(requests, what);
    }

    template <class T>
    Result<void> all_reduce(std::span<T> values, MPI_Op operation) {
        const std::string what = next("all_reduce", values.size_bytes());
        const Watchdog::Guard guard(dog_, what);
        if (auto met = meet(what); !met) return met;
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
            if (auto reduced = final_check(code, what); !reduced) return reduced;
        }
        return {};
    }

    Result<std::vector<std::string>> gather_short(std::string_view bytes, const std::string& what) {
        const int own = static_cast<int>(bytes.size());
        std::vector<int> lengths(rank() == 0 ? static_cast<std::size_t>(size()) : 0);
        const int counted =
            MPI_Gather(&own, 1, MPI_INT, lengths.data(), 1, MPI_INT, 0, MPI_COMM_WORLD);
        if (auto known = final_check(counted, what); !known) return tl::unexpected(known.error());
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
        if (auto known = final_check(sent, what); !known) return tl::unexpected(known.error());
        std::vector<std::string> parts;
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            const auto begin = static_cast<std::size_t>(places[i]);
            parts.push_back(joined.substr(begin, static_cast<std::size_t>(lengths[i])));
        }
        return parts;
    }

    Result<void> final_check(int code, std::string_view what) {
        auto checked = check_mpi(code, what);
        if (!checked) failure_ = checked.error();
        return checked;
    }

    std::string next(std::string_view name, std::size_t bytes) {
        return fmt::format("{} of {} bytes, collective {}", name, bytes, ++calls_);
    }

    MpiWorld& world_;
    Watchdog dog_;
    std::uint64_t calls_ = 0;
    std::optional<Error> failure_;
};

}  // namespace

std::unique_ptr<Communicator> make_mpi(MpiWorld& world, Millis patience) {
    return std::make_unique<MpiCommunicator>(world, patience);
}

}  // namespace xorch
