#include "worker/gang/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/io/spawn.h"
#include "core/json.h"
#include "worker/gang/launch.h"
#include "worker/gang/members.h"

namespace xorch {

namespace {

std::optional<std::uint32_t> number_in(
    const std::vector<std::string>& environment, std::string_view name
) {
    const char* value = find_variable(environment, name);
    if (value == nullptr) return std::nullopt;
    const std::string_view text(value);
    std::uint32_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

// Under mpirun within a job both speak; Slurm's words are then those of mpirun's own step.
struct LauncherNames {
    std::string_view rank;
    std::string_view ranks;
};

constexpr LauncherNames known_launchers[] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
    {"SLURM_PROCID",         "SLURM_NTASKS"        },
};

}  // namespace

std::string format_gang_plan(const GangPlan& plan) {
    Array hosts;
    for (const RankHost& host : plan.hosts) {
        hosts.push_back(Object{
            {"node",  host.node               },
            {"ranks", std::int64_t{host.ranks}}
        });
    }
    return format_json(Object{
        {"hosts",             std::move(hosts)                            },
        {"address",           plan.address                                },
        {"port",              std::int64_t{plan.port}                     },
        {"gpus",              std::int64_t{plan.gpus}                     },
        {"memory",            static_cast<std::int64_t>(plan.memory.value)},
        {"exit_checkpointed", plan.exit_checkpointed                      },
        {"keep_slurm",        plan.keep_slurm                             },
        {"stop_file",         plan.stop_file                              },
        {"stop_signal",       plan.stop_signal                            },
        {"check_port",        std::int64_t{plan.check_port}               },
        {"check_token",       plan.check_token                            }
    });
}

Result<GangPlan> parse_gang_plan(std::string_view text) {
    const auto read = parse_json(text);
    if (!read) return tl::unexpected(read.error());
    const Value* hosts = read->find("hosts");
    const auto* list = hosts == nullptr ? nullptr : hosts->get_if<Array>();
    if (list == nullptr || list->empty()) {
        return fail(ErrorCode::corrupted, "the gang's plan names no hosts");
    }
    GangPlan plan;
    for (const Value& host : *list) {
        plan.hosts.push_back(
            {text_member(host, "node"), static_cast<std::uint32_t>(integer_member(host, "ranks"))}
        );
    }
    plan.address = text_member(*read, "address");
    plan.port = static_cast<std::uint16_t>(integer_member(*read, "port"));
    plan.gpus = static_cast<std::uint32_t>(integer_member(*read, "gpus"));
    plan.memory = Bytes{static_cast<std::uint64_t>(integer_member(*read, "memory"))};
    plan.exit_checkpointed = static_cast<int>(integer_member(*read, "exit_checkpointed"));
    plan.keep_slurm = flag_member(*read, "keep_slurm");
    plan.stop_file = text_member(*read, "stop_file");
    plan.stop_signal = text_member(*read, "stop_signal");
    plan.check_port = static_cast<std::uint16_t>(integer_member(*read, "check_port"));
    plan.check_token = text_member(*read, "check_token");
    return plan;
}

std::string format_gang_argv(const std::vector<std::string>& argv) {
    std::string text;
    for (const std::string& word : argv)
        (text += word) += '\0';
    return text;
}

std::vector<std::string> parse_gang_argv(std::string_view text) {
    std::vector<std::string> argv;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\0'), text.size());
        argv.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return argv;
}

RankPlace place_of(const std::vector<RankHost>& hosts, std::uint32_t rank) {
    RankPlace place{.rank = rank, .ranks = rank_count(hosts), .node = {}};
    std::uint32_t first = 0;
    for (const RankHost& host : hosts) {
        if (rank < first + host.ranks) {
            place.local_rank = rank - first;
            place.local_ranks = host.ranks;
            place.node = host.node;
            break;
        }
        first += host.ranks;
    }
    return place;
}

Result<RankPlace> find_place(
    const std::vector<std::string>& environment, const std::vector<RankHost>& hosts
) {
    for (const LauncherNames& names : known_launchers) {
        const auto rank = number_in(environment, names.rank);
        const auto ranks = number_in(environment, names.ranks);
        if (!rank || !ranks) continue;
        const std::uint32_t wanted = rank_count(hosts);
        if (*ranks != wanted || *rank >= wanted) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format(
                    "the launcher says rank {} of {}, but the gang has {}", *rank, *ranks, wanted
                )
            );
        }
        return place_of(hosts, *rank);
    }
    return fail(
        ErrorCode::invalid_input,
        "neither OMPI_COMM_WORLD_RANK nor SLURM_PROCID says which rank this is"
    );
}

void tell_place(
    std::vector<std::string>& environment, const RankPlace& place, const GangPlan& plan
) {
    set_variable(environment, "RANK", std::to_string(place.rank));
    set_variable(environment, "WORLD_SIZE", std::to_string(place.ranks));
    set_variable(environment, "LOCAL_RANK", std::to_string(place.local_rank));
    set_variable(environment, "LOCAL_WORLD_SIZE", std::to_string(place.local_ranks));
    set_variable(environment, "MASTER_ADDR", plan.address);
    set_variable(environment, "MASTER_PORT", std::to_string(plan.port));
}

}  // namespace xorch
