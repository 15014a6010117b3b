#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/report/exit_code.h"
#include "coordinator/report/status.h"
#include "core/json.h"
#include "tests/coordinator/report/sample_status.h"

namespace xorch {
namespace {

TEST(StatusJson, ReadsBackWhatItWrote) {
    const SweepStatus status = sample_status();
    const std::string json = format_status_json(status);
    const auto read = parse_status(json);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(format_status_json(*read), json);
    EXPECT_EQ(read->phase, SweepPhase::running);
    EXPECT_EQ(read->stages[0].counts, status.stages[0].counts);
    EXPECT_EQ(read->stages[0].failed_by.at(0).cause, Cause::user_error);
    EXPECT_EQ(read->failed.at(0).fact, status.failed[0].fact);
    EXPECT_EQ(read->failed.at(0).unit.key, status.failed[0].unit.key);
    EXPECT_EQ(read->running.at(0).since_unix, status.running[0].since_unix);
    EXPECT_EQ(read->holder, status.holder);
    EXPECT_EQ(read->blamed.at(0).reason, status.blamed[0].reason);
    EXPECT_EQ(read->selects.at(0).chosen.at(0).id, status.selects[0].chosen[0].id);
}

TEST(StatusJson, CountsPhasesUnderTheirOwnNames) {
    const auto json = parse_json(format_status_json(sample_status()));
    ASSERT_TRUE(json);
    const Value& train = json->find("stages")->get_if<Array>()->at(0);
    EXPECT_EQ(*train.find("done"), Value(5));
    EXPECT_EQ(*train.find("failed"), Value(1));
    EXPECT_EQ(*train.find("total"), Value(8));
}

TEST(StatusJson, RefusesAnotherVersion) {
    std::string json = format_status_json(sample_status());
    json.replace(json.find("\"version\": 4"), 12, "\"version\": 9");
    EXPECT_EQ(parse_status(json).error().code, ErrorCode::invalid_input);
}

TEST(StatusJson, RefusesADocumentWithMembersMissing) {
    EXPECT_FALSE(parse_status("{\"version\": 4, \"phase\": \"running\"}"));
    EXPECT_FALSE(parse_status("[]"));
    EXPECT_FALSE(parse_status("{\"version\": 4"));
}

SweepStatus complete_status(std::array<std::uint32_t, unit_phase_count> counts) {
    SweepStatus status;
    status.phase = SweepPhase::complete;
    StageStatus stage;
    stage.counts = counts;
    status.stages.push_back(stage);
    return status;
}

TEST(ExitCode, IsZeroOnlyWhenEverythingIsDone) {
    EXPECT_EQ(exit_code_of(complete_status({0, 0, 0, 3, 0, 0})), ExitCode::complete);
    EXPECT_EQ(exit_code_of(complete_status({0, 0, 0, 3, 0, 1})), ExitCode::incomplete);
    EXPECT_EQ(exit_code_of(sample_status()), ExitCode::incomplete);
}

TEST(ExitCode, IsZeroAlsoWhereUnitsAreHopeless) {
    EXPECT_EQ(exit_code_of(complete_status({0, 0, 0, 2, 0, 0, 1})), ExitCode::complete);
}

TEST(ExitCode, TellsFailedUnitsFromGatesNotMet) {
    SweepStatus failed = complete_status({0, 0, 0, 3, 1, 0});
    failed.stages[0].failed_by = {
        {Cause::timeout, 1}
    };
    EXPECT_EQ(exit_code_of(failed), ExitCode::units_failed);
    SweepStatus gated = complete_status({0, 0, 0, 3, 1, 0});
    gated.stages[0].failed_by = {
        {Cause::gate_not_met, 1}
    };
    EXPECT_EQ(exit_code_of(gated), ExitCode::gate_not_met);
    SweepStatus refused = complete_status({0, 0, 0, 3, 0, 0});
    refused.selects.emplace_back().refused = true;
    EXPECT_EQ(exit_code_of(refused), ExitCode::gate_not_met);
}

TEST(ExitCode, BlamesTheCallerOnlyForWhatTheCallerWrote) {
    EXPECT_EQ(exit_code_of(Error{ErrorCode::usage, ""}), ExitCode::usage);
    EXPECT_EQ(exit_code_of(Error{ErrorCode::invalid_input, ""}), ExitCode::usage);
    EXPECT_EQ(exit_code_of(Error{ErrorCode::corrupted, ""}), ExitCode::error);
}

}  // namespace
}  // namespace xorch
