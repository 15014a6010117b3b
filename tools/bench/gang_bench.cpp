// What the ranks of a gang cost, by mpirun with any number of them:
//   gang_bench sums    64 MiB through the communicator against plain MPI_Allreduce
//   gang_bench steps   where the time of a training step goes
// Medians at rank 0; both kinds of sums take turns, so that they see the same machine.

#include <fmt/core.h>
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string_view>

#include "jobs/cellseg/learn/trainer.h"
#include "jobs/collective/mpi.h"
#include "jobs/collective/rank_share.h"

namespace {

using namespace xorch;
using Clock = std::chrono::steady_clock;

constexpr std::size_t sum_floats = std::size_t{16} << 20U;  // 64 MiB
constexpr std::size_t sums = 15;
constexpr std::size_t steps = 21;
constexpr int batch = 8;
constexpr int crop = 128;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// Adds up what its caller spends in it.
class TimedRanks final : public Communicator {
 public:
    explicit TimedRanks(Communicator& ranks) : ranks_(ranks) {}

    int rank() const override { return ranks_.rank(); }

    int size() const override { return ranks_.size(); }

    Result<void> all_reduce_sum(std::span<float> values) override {
        return ranks_.all_reduce_sum(values);
    }

    Result<void> all_reduce_sum(std::span<double> values) override {
        return ranks_.all_reduce_sum(values);
    }

    Result<void> all_reduce_max(std::span<std::int64_t> values) override {
        return ranks_.all_reduce_max(values);
    }

    Result<std::unique_ptr<PendingSum>> start_all_reduce_sum(std::span<double> values) override {
        const Clock::time_point begin = Clock::now();
        lengths.push_back(values.size());
        auto sum = ranks_.start_all_reduce_sum(values);
        starting += seconds_since(begin);
        if (!sum) return sum;
        return std::make_unique<TimedSum>(*this, std::move(*sum));
    }

    Result<void> broadcast(std::span<std::byte> bytes, int root) override {
        return ranks_.broadcast(bytes, root);
    }

    Result<std::vector<std::string>> gather(std::string_view bytes) override {
        return ranks_.gather(bytes);
    }

    Result<void> barrier() override { return ranks_.barrier(); }

    double starting = 0;  // seconds; moving sums on counts, too
    double waiting = 0;
    std::vector<std::size_t> lengths;  // of the sums started

 private:
    class TimedSum final : public PendingSum {
     public:
        TimedSum(TimedRanks& timed, std::unique_ptr<PendingSum> sum)
            : timed_(timed), sum_(std::move(sum)) {}

        Result<void> wait() override {
            const Clock::time_point begin = Clock::now();
            auto ended = sum_->wait();
            timed_.waiting += seconds_since(begin);
            return ended;
        }

        bool has_ended() override {
            const Clock::time_point begin = Clock::now();
            const bool ended = sum_->has_ended();
            timed_.starting += seconds_since(begin);
            return ended;
        }

     private:
        TimedRanks& timed_;
        std::unique_ptr<PendingSum> sum_;
    };

    Communicator& ranks_;
};

// Every rank begins together; the slowest counts.
double time_together(Communicator& ranks, const std::function<void()>& work) {
    XORCH_CHECK(ranks.barrier(), "all ranks are there");
    const Clock::time_point begin = Clock::now();
    work();
    std::array<std::int64_t, 1> nanoseconds{static_cast<std::int64_t>(seconds_since(begin) * 1e9)};
    XORCH_CHECK(ranks.all_reduce_max(nanoseconds), "all ranks are there");
    return static_cast<double>(nanoseconds[0]) / 1e9;
}

void measure_sums(Communicator& ranks) {
    std::vector<float> values(sum_floats, 1e-3F);
    std::vector<double> plain;
    std::vector<double> ours;
    for (std::size_t i = 0; i < sums; ++i) {
        plain.push_back(time_together(ranks, [&] {
            MPI_Allreduce(
                MPI_IN_PLACE,
                values.data(),
                static_cast<int>(values.size()),
                MPI_FLOAT,
                MPI_SUM,
                MPI_COMM_WORLD
            );
        }));
        ours.push_back(time_together(ranks, [&] {
            XORCH_CHECK(ranks.all_reduce_sum(std::span<float>(values)), "all ranks are there");
        }));
    }
    if (ranks.rank() != 0) return;
    fmt::print(
        "{} ranks: 64 MiB by MPI_Allreduce {:.1f} ms, by the communicator {:.1f} ms: {:.0f} %\n",
        ranks.size(),
        1e3 * median(plain),
        1e3 * median(ours),
        100 * median(plain) / median(ours)
    );
}

cellseg::Batch make_batch(int items, int seed) {
    cellseg::Batch made(items, crop, crop);
    for (std::size_t i = 0; i < made.values.size(); ++i) {
        const std::size_t bits = (i + 1) * 2'654'435'761U + static_cast<std::size_t>(seed);
        made.values[i] = static_cast<float>(bits % 1'000) / 1'000.0F;
    }
    return made;
}

void measure_steps(Communicator& ranks) {
    TimedRanks timed(ranks);
    cellseg::Trainer trainer({.width = 12, .weight_decay = 0.1, .seed = 1}, &timed);
    const int own = static_cast<int>(share_of(batch, ranks).size());
    const cellseg::Batch images = make_batch(own, 1);
    const cellseg::Batch targets = make_batch(own, 2);
    std::vector<double> whole;
    std::vector<double> starting;
    std::vector<double> waiting;
    for (std::size_t i = 0; i < steps; ++i) {
        timed.starting = timed.waiting = 0;
        timed.lengths.clear();
        whole.push_back(time_together(ranks, [&] {
            XORCH_CHECK(trainer.step(images, targets, 1e-3), "a step works");
        }));
        starting.push_back(timed.starting);
        waiting.push_back(timed.waiting);
    }
    std::vector<double> alone;  // the same sums with nothing beside them
    for (std::size_t i = 0; i < steps; ++i) {
        alone.push_back(time_together(ranks, [&] {
            for (const std::size_t length : timed.lengths) {
                std::vector<double> values(length, 1.0);
                auto sum = ranks.start_all_reduce_sum(values);
                XORCH_CHECK(sum && (*sum)->wait(), "all ranks are there");
            }
        }));
    }
    if (ranks.rank() != 0) return;
    const double communication = median(starting);
    fmt::print(
        "| {} | {:.1f} | {:.1f} | {:.2f} | {:.2f} | {:.2f} |\n",
        ranks.size(),
        1e3 * median(whole),
        1e3 * (median(whole) - communication - median(waiting)),
        1e3 * communication,
        1e3 * median(waiting),
        1e3 * median(alone)
    );
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc == 2 ? argv[1] : "";
    const auto world = MpiWorld::start();
    if (!world || (what != "sums" && what != "steps")) {
        fmt::print(stderr, "mpirun ... gang_bench sums|steps\n");
        return EXIT_FAILURE;
    }
    const auto ranks = make_mpi(**world, std::chrono::minutes(2));
    what == "sums" ? measure_sums(*ranks) : measure_steps(*ranks);
    return EXIT_SUCCESS;
}
