#include "tools/cli/doctor/probe/exchange.h"

#include <gtest/gtest.h>

namespace xorch {
namespace {

NodeFacts sample_node_facts() {
    NodeFacts node;
    node.machine = {
        .host = "n1",
        .kernel = "6.1.0",
        .cpus = 2,
        .cpus_online = 12,
        .memory = Bytes{1ULL << 33U},
        .memory_installed = Bytes{1ULL << 40U},
        .bash = "GNU bash 5",
        .python3 = "",
        .gpus = 2,
        .visible_gpus = "0,1"};
    node.machine.missing_calls = {"openat2"};
    node.machine.gpu_models = {"a", "b"};
    node.step = {.tried = true, .problem = "no step"};
    node.sbatch = {.tried = true, .problem = "Access denied"};
    node.squeue = {.tried = true};
    node.end_in_queue = true;
    node.route_back = {.tried = false, .problem = "nobody listens"};
    node.home = {
        .path = "/shared/\"quoted\"\nfolder",
        .type = "nfs",
        .sync = Millis{7},
        .free = Bytes{1ULL << 42U},
        .files_free = 12,
        .counts_files = true};
    node.home.problems = {"link"};
    return node;
}

TEST(Exchange, FindingsComeBackAsTheyWereWritten) {
    const auto read = exchange::parse_findings(exchange::format_findings(sample_node_facts()));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, sample_node_facts());
}

TEST(Exchange, AMachineComesBackAsItWasWritten) {
    const MachineFacts machine = sample_node_facts().machine;
    const auto read = exchange::parse_machine(exchange::format_machine(machine));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, machine);
}

TEST(Exchange, ARequestComesBackAsItWasWritten) {
    const exchange::Request request{
        .test = {"sbatch",        "--test-only", "--comment=$(x) \"'\n"},
        .job_name = "xorch-doctor-1",
        .interface = "ib0",
        .doctor = { .address = "10.0.0.1", .port = 65'535,   .word = "w",          .problem = ""}
    };
    const auto read = exchange::parse_request(exchange::format_request(request));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, request);
}

TEST(Exchange, AMeetingAndAnAnswerComeBackAsTheyWereWritten) {
    const exchange::Meeting meeting{.address = "", .port = 0, .word = "w", .problem = "no network"};
    const auto read = exchange::parse_meeting(exchange::format_meeting(meeting));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, meeting);
    const auto time = exchange::parse_answer(exchange::format_answer(Millis{1'795'744'923'123}));
    ASSERT_TRUE(time) << time.error().message;
    EXPECT_EQ(*time, Millis{1'795'744'923'123});
}

TEST(Exchange, WhatIsCutOffAnywhereIsRefused) {
    const std::string text = exchange::format_findings(sample_node_facts());
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_FALSE(exchange::parse_findings(text.substr(0, size))) << size;
}

TEST(Exchange, WhatIsMissingOrOfAnotherKindIsRefused) {
    EXPECT_FALSE(exchange::parse_answer("{}"));
    EXPECT_FALSE(exchange::parse_answer("{\"unix_ms\": -1}"));
    EXPECT_FALSE(exchange::parse_answer("[1]"));
    const std::string meeting = "{\"address\":\"\",\"word\":\"\",\"problem\":\"\",\"port\":";
    EXPECT_TRUE(exchange::parse_meeting(meeting + "65535}"));
    EXPECT_FALSE(exchange::parse_meeting(meeting + "65536}"));
    EXPECT_FALSE(exchange::parse_meeting(meeting + "\"80\"}"));
    exchange::Request nothing_to_run{.test = {}, .job_name = "j"};
    EXPECT_FALSE(exchange::parse_request(exchange::format_request(nothing_to_run)));
}

TEST(Exchange, TextThatIsTooLongIsRefused) {
    NodeFacts node = sample_node_facts();
    node.step.problem = std::string(5'000, 'x');
    EXPECT_FALSE(exchange::parse_findings(exchange::format_findings(node)));
}

}  // namespace
}  // namespace xorch
