#include "jobs/collective/rank_share.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/fake_ranks.h"

namespace xorch {
namespace {

TEST(RankShare, CoversAllItemsInOrderAndEvenly) {
    for (const std::int64_t items : {0, 1, 3, 4, 10, 257}) {
        for (const int size : {1, 2, 3, 4, 7}) {
            std::int64_t next = 0;
            std::int64_t least = items;
            std::int64_t most = 0;
            for (int rank = 0; rank < size; ++rank) {
                const RankShare share = share_of(items, FakeRanks(rank, size));
                EXPECT_EQ(share.begin, next);
                next = share.end;
                least = std::min(least, share.size());
                most = std::max(most, share.size());
            }
            EXPECT_EQ(next, items);
            EXPECT_LE(most - least, 1);
        }
    }
}

}  // namespace
}  // namespace xorch
