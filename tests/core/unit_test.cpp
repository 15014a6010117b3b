#include "core/unit.h"

#include <gtest/gtest.h>

namespace xorch {
namespace {

constexpr UnitPhase phases[] = {
    UnitPhase::waiting,
    UnitPhase::ready,
    UnitPhase::assigned,
    UnitPhase::done,
    UnitPhase::failed,
    UnitPhase::cancelled,
    UnitPhase::hopeless};
constexpr UnitEvent events[] = {
    UnitEvent::inputs_met,
    UnitEvent::assign,
    UnitEvent::finish,
    UnitEvent::give_back,
    UnitEvent::fail,
    UnitEvent::cancel,
    UnitEvent::revive,
    UnitEvent::find_hopeless};

TEST(UnitPhase, NothingHappensToADoneUnit) {
    for (const UnitEvent event : events)
        EXPECT_FALSE(next_phase(UnitPhase::done, event)) << event_name(event);
}

TEST(UnitPhase, OnlyARevivalLeavesAFinalPhase) {
    for (const UnitPhase phase : {UnitPhase::failed, UnitPhase::cancelled}) {
        for (const UnitEvent event : events) {
            EXPECT_EQ(next_phase(phase, event).has_value(), event == UnitEvent::revive)
                << event_name(event);
        }
    }
}

TEST(UnitPhase, NothingBringsAHopelessUnitBack) {
    for (const UnitEvent event : events)
        EXPECT_FALSE(next_phase(UnitPhase::hopeless, event)) << event_name(event);
}

TEST(UnitPhase, EveryPhaseThatIsNotFinalCanBeCancelled) {
    for (const UnitPhase phase : phases) {
        EXPECT_EQ(next_phase(phase, UnitEvent::cancel).has_value(), !is_final(phase))
            << phase_name(phase);
    }
}

TEST(UnitPhase, OnlyAReadyUnitIsAssigned) {
    for (const UnitPhase phase : phases) {
        EXPECT_EQ(next_phase(phase, UnitEvent::assign).has_value(), phase == UnitPhase::ready)
            << phase_name(phase);
    }
}

TEST(Cause, NamesReadBack) {
    for (int i = 0; i <= static_cast<int>(Cause::hopeless); ++i) {
        const auto cause = static_cast<Cause>(i);
        EXPECT_EQ(parse_cause(cause_name(cause)), cause);
    }
    EXPECT_FALSE(parse_cause("nonsense"));
}

TEST(Cause, NoKnownStopIsAnOwnFailure) {
    for (int i = 0; i <= static_cast<int>(Cause::hopeless); ++i) {
        const auto cause = static_cast<Cause>(i);
        EXPECT_FALSE(is_known_stop(cause) && is_own_failure(cause)) << cause_name(cause);
    }
    EXPECT_TRUE(is_own_failure(Cause::out_of_memory));
    EXPECT_TRUE(is_known_stop(Cause::preempted));
    EXPECT_FALSE(is_own_failure(Cause::agent_lost));
}

}  // namespace
}  // namespace xorch
