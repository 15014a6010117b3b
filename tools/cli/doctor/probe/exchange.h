#pragma once

// How `xorch doctor` and its job talk: through files in one folder, each written under another name
// and renamed. The doctor puts `request` there before it queues the job; the node says `hello`; the
// doctor answers with `seen`, the node with `answer`, and `findings` is its last word. What comes
// back is checked like everything from a file.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "tools/cli/doctor/judge/facts.h"

namespace xorch::exchange {

inline constexpr const char* request_file = "request.json";
inline constexpr const char* hello_file = "hello.json";
inline constexpr const char* seen_file = "seen.json";
inline constexpr const char* answer_file = "answer.json";
inline constexpr const char* findings_file = "findings.json";

// The batch script (see slurm/job_script.h for why it is constant).
inline constexpr std::string_view job_script =
    "#!/bin/sh\n"
    "exec ./xorch probe\n";

// Where somebody listens; port 0 = nobody does, because of `problem`.
struct Meeting {
    std::string address;
    std::uint16_t port = 0;
    std::string word;  // that the listener says
    std::string problem;

    friend bool operator==(const Meeting&, const Meeting&) = default;
};

struct Request {
    std::vector<std::string> test;  // sbatch --test-only with its arguments
    std::string job_name;
    std::string interface;  // of the sweep's [net]
    Meeting doctor;

    friend bool operator==(const Request&, const Request&) = default;
};

std::string format_request(const Request& request);
Result<Request> parse_request(std::string_view text);

std::string format_meeting(const Meeting& meeting);
Result<Meeting> parse_meeting(std::string_view text);

// The time of the node's clock, unix.
std::string format_answer(Millis unix);
Result<Millis> parse_answer(std::string_view text);

std::string format_machine(const MachineFacts& machine);
Result<MachineFacts> parse_machine(std::string_view text);

std::string format_findings(const NodeFacts& node);
Result<NodeFacts> parse_findings(std::string_view text);

}  // namespace xorch::exchange
