// What every rank of an MPI world sees; started by mpirun with any number of ranks. With --hang
// rank 1 stays away from the second collective, with --trouble it says why.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <numeric>
#include <string_view>
#include <thread>

#include "jobs/collective/mpi.h"

namespace xorch {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

MpiWorld* world = nullptr;
Communicator* ranks = nullptr;

// 1 + 2 + ... + size
std::int64_t sum_of_ranks_from_one() {
    return std::int64_t{ranks->size()} * (ranks->size() + 1) / 2;
}

TEST(MpiCommunicator, SumsOverAllRanks) {
    std::vector<float> values{static_cast<float>(ranks->rank() + 1), 0.5F};
    ASSERT_TRUE(ranks->all_reduce_sum(std::span<float>(values)));
    const auto size = static_cast<float>(ranks->size());
    EXPECT_THAT(values, ElementsAre(static_cast<float>(sum_of_ranks_from_one()), 0.5F * size));
    std::vector<double> doubles{1e-17, static_cast<double>(ranks->rank())};
    ASSERT_TRUE(ranks->all_reduce_sum(std::span<double>(doubles)));
    EXPECT_DOUBLE_EQ(doubles[0], 1e-17 * ranks->size());
}

TEST(MpiCommunicator, GivesEveryRankTheSameBits) {
    std::vector<float> values(100'003);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] =
            1.0F / static_cast<float>(3 + i + 7'919 * static_cast<std::size_t>(ranks->rank()));
    ASSERT_TRUE(ranks->all_reduce_sum(std::span<float>(values)));
    std::vector<float> first = values;
    ASSERT_TRUE(ranks->broadcast(std::as_writable_bytes(std::span(first)), 0));
    EXPECT_EQ(first, values);
}

TEST(MpiCommunicator, FindsTheMaximum) {
    std::vector<std::int64_t> values{ranks->rank(), -ranks->rank(), std::int64_t{1} << 40};
    ASSERT_TRUE(ranks->all_reduce_max(values));
    EXPECT_THAT(values, ElementsAre(ranks->size() - 1, 0, std::int64_t{1} << 40));
}

TEST(MpiCommunicator, SumsBesideOtherWork) {
    std::vector<double> first(70'000, 1.0);
    std::vector<double> second(3, ranks->rank());
    auto one = ranks->start_all_reduce_sum(first);
    auto two = ranks->start_all_reduce_sum(second);
    ASSERT_TRUE(one && two);
    while (!(*two)->has_ended())
        std::this_thread::yield();
    ASSERT_TRUE((*one)->wait());
    ASSERT_TRUE((*two)->wait());
    ASSERT_TRUE((*two)->wait()) << "a second time there is nothing to wait for";
    EXPECT_TRUE((*one)->has_ended());
    EXPECT_THAT(first, Each(ranks->size()));
    EXPECT_THAT(second, Each(sum_of_ranks_from_one() - ranks->size()));
}

TEST(MpiCommunicator, EndsASumThatNobodyWaitsFor) {
    std::vector<double> values(5, 1.0);
    ASSERT_TRUE(ranks->start_all_reduce_sum(values));
    EXPECT_THAT(values, Each(ranks->size()));
}

TEST(MpiCommunicator, TellsEveryRankWhatOneHas) {
    const int root = ranks->size() - 1;
    std::string text = ranks->rank() == root ? "weights" : "-------";
    ASSERT_TRUE(ranks->broadcast(std::as_writable_bytes(std::span(text)), root));
    EXPECT_EQ(text, "weights");
}

TEST(MpiCommunicator, GathersTextsOfAnyLengthInTheOrderOfRanks) {
    const std::string own(static_cast<std::size_t>(ranks->rank()) * 1'000, 'x');
    const auto gathered = ranks->gather(own);
    ASSERT_TRUE(gathered);
    if (ranks->rank() != 0) {
        EXPECT_THAT(*gathered, IsEmpty());
        return;
    }
    ASSERT_EQ(gathered->size(), static_cast<std::size_t>(ranks->size()));
    for (std::size_t i = 0; i < gathered->size(); ++i)
        EXPECT_EQ((*gathered)[i], std::string(i * 1'000, 'x'));
}

TEST(MpiCommunicator, HasNothingToSumInEmptySpans) {
    EXPECT_TRUE(ranks->all_reduce_sum(std::span<float>{}));
    EXPECT_TRUE(ranks->broadcast({}, 0));
    EXPECT_TRUE(ranks->barrier());
}

TEST(MpiWorld, KnowsItsNodeAndThatAllRanksAreOnIt) {
    EXPECT_FALSE(world->node().empty());
    EXPECT_EQ(world->local_rank(), world->rank());
    EXPECT_FALSE(world->hear_trouble());
}

// Kept out of the cases: they end with the launcher killing everybody.

int hang() {
    std::vector<std::int64_t> rank{ranks->rank()};
    if (!ranks->all_reduce_max(rank)) return 1;
    while (ranks->rank() == 1)
        pause();
    std::vector<float> values(3);
    (void)ranks->all_reduce_sum(std::span<float>(values));
    return 0;  // not reached
}

int trouble() {
    if (!ranks->barrier()) return 1;
    if (ranks->rank() == 1) {
        world->tell_trouble({.words = "rank 1 ate the data"});
        return 0;  // the world does not end before rank 0 comes to its end
    }
    std::vector<double> values(3);
    auto sum = ranks->start_all_reduce_sum(values);
    if (!sum) return 1;
    const auto summed = (*sum)->wait();
    const auto later = ranks->barrier();
    if (ranks->rank() != 0 || summed || later || !world->hear_trouble()) return 1;
    fmt::print("{}; {}\n", summed.error().message, later.error().message);
    std::fflush(stdout);
    std::_Exit(0);
}

int run(int argc, char** argv) {
    using namespace std::chrono_literals;
    testing::InitGoogleTest(&argc, argv);
    auto started = MpiWorld::start();
    if (!started) {
        fmt::print(stderr, "{}\n", started.error().message);
        return 1;
    }
    world = started->get();
    const bool hangs = argc > 1 && std::string_view(argv[1]) == "--hang";
    const auto communicator = make_mpi(*world, hangs ? 500ms : 100s);
    ranks = communicator.get();
    if (argc > 1 && std::string_view(argv[1]) == "--trouble") return trouble();
    return hangs ? hang() : RUN_ALL_TESTS();
}

}  // namespace
}  // namespace xorch

int main(int argc, char** argv) {
    return xorch::run(argc, argv);
}
