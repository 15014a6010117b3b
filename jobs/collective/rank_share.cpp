#include "jobs/collective/rank_share.h"

namespace xorch {

RankShare share_of(std::int64_t items, const Communicator& ranks) {
    return {
        .begin = items * ranks.rank() / ranks.size(),
        .end = items * (ranks.rank() + 1) / ranks.size()};
}

}  // namespace xorch
