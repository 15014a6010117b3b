#pragma once

// One unit from its order to its end, for a runner of single units and for each rank of a gang.
// What the job throws fails the unit only. One thread.

#include <memory>
#include <string>

#include "core/error.h"
#include "jobs/runner/channel.h"
#include "jobs/runner/equipment.h"

namespace xorch {

// An order with what its files say, which need not be there for other ranks.
struct OrderedUnit {
    RunUnit order;
    std::string params;  // JSON
    std::string inputs;  // JSON, or empty
};

Result<OrderedUnit> read_order(RunUnit order);

// The agent at the other end of the channel.
class ServedHost final : public UnitHost {
 public:
    ServedHost(RunnerChannel& channel, std::uint64_t serial)
        : channel_(&channel), serial_(serial) {}

    bool stop_asked() override { return channel_->stop_asked(serial_); }

    Millis now() override;
    void on_published() override;

 private:
    RunnerChannel* channel_;
    std::uint64_t serial_;
};

// Of a gang.
struct GangRank {
    std::unique_ptr<Communicator> ranks;  // none = the unit has one rank
    std::string name;                     // before its errors: "rank 2 on n3: "
};

UnitReturned run_unit(
    const OrderedUnit& unit, UnitHost& host, const RunnerEquipment& equipment, GangRank rank
);

}  // namespace xorch
