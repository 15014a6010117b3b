#include "jobs/collective/communicator.h"

namespace xorch {

namespace {

struct EndedSum final : PendingSum {
    Result<void> wait() override { return {}; }

    bool has_ended() override { return true; }
};

// With one rank every sum and maximum is there already.
class SingleRank final : public Communicator {
 public:
    int rank() const override { return 0; }

    int size() const override { return 1; }

    Result<void> all_reduce_sum(std::span<float> /*values*/) override { return {}; }

    Result<void> all_reduce_sum(std::span<double> /*values*/) override { return {}; }

    Result<void> all_reduce_max(std::span<std::int64_t> /*values*/) override { return {}; }

    Result<std::unique_ptr<PendingSum>> start_all_reduce_sum(std::span<double> /*values*/)
        override {
        return std::make_unique<EndedSum>();
    }

    Result<void> broadcast(std::span<std::byte> /*bytes*/, int root) override {
        XORCH_CHECK(root == 0, "there is one rank");
        return {};
    }

    Result<std::vector<std::string>> gather(std::string_view bytes) override {
        return std::vector<std::string>{std::string(bytes)};
    }

    Result<void> barrier() override { return {}; }
};

}  // namespace

std::unique_ptr<Communicator> make_single_rank() {
    return std::make_unique<SingleRank>();
}

}  // namespace xorch
