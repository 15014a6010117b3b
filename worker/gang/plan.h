#pragma once

// What the ranks of a gang are told by the agent that leads it: one file in the gang's folder,
// which all its nodes see. Pure text; where a rank stands in its gang is found from the launcher's
// variables.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/messages.h"
#include "core/sweep.h"

namespace xorch {

// The gang's folder, in the environment of all its processes: by it they are told from others.
inline constexpr const char* gang_variable = "XORCH_GANG";

// Names within the gang's folder.
inline constexpr const char* gang_plan_name = "gang.json";
inline constexpr const char* gang_argv_name = "argv";
inline constexpr const char* gang_hostfile_name = "hosts.txt";
inline constexpr const char* gang_started_name = "started";      // rank 0 began
inline constexpr const char* gang_terminate_name = "terminate";  // whose parents then send TERM

struct GangPlan {
    std::vector<RankHost> hosts;  // in the order of ranks
    std::string address;          // MASTER_ADDR: the first host, as the others reach it
    std::uint16_t port = 0;       // MASTER_PORT
    std::uint32_t gpus = 0;       // of each rank
    Bytes memory{0};              // of each rank; 0 = not watched
    int exit_checkpointed = 75;
    bool keep_slurm = false;
    std::string stop_file;
    std::string stop_signal;  // as in the sweep file; sent once the stop file is there
    // Where the nodes meet rank 0 for their check, and by which word; 0 = they passed before.
    std::uint16_t check_port = 0;
    std::string check_token;

    friend bool operator==(const GangPlan&, const GangPlan&) = default;
};

std::string format_gang_plan(const GangPlan& plan);
Result<GangPlan> parse_gang_plan(std::string_view text);

// What each rank executes, byte by byte as it is. In a file, so that no launcher and no other
// reader of a command line can take a word of it for its own.
std::string format_gang_argv(const std::vector<std::string>& argv);
std::vector<std::string> parse_gang_argv(std::string_view text);

struct RankPlace {
    std::uint32_t rank = 0;
    std::uint32_t ranks = 1;
    std::uint32_t local_rank = 0;
    std::uint32_t local_ranks = 1;
    std::string node;

    friend bool operator==(const RankPlace&, const RankPlace&) = default;
};

// From the hosts alone; `rank` must be below rank_count(hosts).
RankPlace place_of(const std::vector<RankHost>& hosts, std::uint32_t rank);

// Which rank the process with this environment is. invalid_input if no launcher says so, or if it
// started another number of ranks.
Result<RankPlace> find_place(
    const std::vector<std::string>& environment, const std::vector<RankHost>& hosts
);

// The variables that programs of several processes look for.
void tell_place(
    std::vector<std::string>& environment, const RankPlace& place, const GangPlan& plan
);

}  // namespace xorch
