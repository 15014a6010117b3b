#include "slurm/site_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "slurm/fields.h"
#include "slurm/show.h"

namespace xorch {

namespace {

constexpr std::uint64_t mebibyte = 1ULL << 20U;
// Partition, availability, time limit, default time, nodes per job, nodes, cpus, memory, state; the
// free text of generic resources stands last.
constexpr std::string_view sinfo_format = "%P|%a|%l|%L|%s|%D|%c|%m|%T|%G";
constexpr std::size_t sinfo_fields = 10;

std::uint32_t small(std::uint64_t number) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(number, std::numeric_limits<std::uint32_t>::max())
    );
}

// "30 sec", "5 min", "0".
std::optional<Millis> parse_setting_time(std::string_view text) {
    const auto words = split_fields(text, ' ', 3);
    const auto number = parse_count(words.front());
    constexpr std::uint64_t most = 1'000'000'000;
    if (!number || *number > most) return std::nullopt;
    const std::string_view unit = words.size() > 1 ? words[1] : "sec";
    const std::int64_t factor = unit == "sec" ? 1'000 : unit == "min" ? 60'000 : 0;
    if (factor == 0) return std::nullopt;
    return Millis{static_cast<std::int64_t>(*number) * factor};
}

// "12", or "12+" where nodes of a group differ.
std::optional<std::uint64_t> parse_least(std::string_view text) {
    text = trim_field(text);
    if (text.ends_with('+')) text.remove_suffix(1);
    return parse_count(text);
}

// "1-4" -> 4; nothing for "1-infinite".
std::optional<std::uint32_t> parse_most(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto most = parse_count(dash == std::string_view::npos ? text : text.substr(dash + 1));
    if (!most) return std::nullopt;
    return small(*most);
}

// A star or another sign after the state says that the node does not answer or is asleep.
bool is_working(std::string_view state) {
    constexpr std::string_view signs = "*~#!%$@^-+";
    if (state.ends_with('*')) return false;
    state = state.substr(0, state.find_first_of(signs));
    for (const std::string_view broken :
         {"down",
          "drained",
          "draining",
          "fail",
          "failing",
          "unknown",
          "future",
          "inval",
          "no_respond"}) {
        if (state == broken) return false;
    }
    return !state.empty();
}

void add_group(PartitionFacts& partition, const std::vector<std::string_view>& fields) {
    const auto count = small(parse_count(trim_field(fields[5])).value_or(0));
    partition.nodes = small(std::uint64_t{partition.nodes} + count);
    if (is_working(trim_field(fields[8]))) {
        partition.nodes_working = small(std::uint64_t{partition.nodes_working} + count);
    }
    const auto cpus = small(parse_least(fields[6]).value_or(0));
    partition.cpus_per_node = std::max(partition.cpus_per_node, cpus);
    partition.gpus_per_node = std::max(partition.gpus_per_node, count_gpus(fields[9]));
    const std::uint64_t memory = small(parse_least(fields[7]).value_or(0)) * mebibyte;
    partition.memory_per_node = std::max(partition.memory_per_node, Bytes{memory});
}

PartitionFacts first_facts(const std::vector<std::string_view>& fields) {
    std::string_view name = trim_field(fields[0]);
    const bool is_default = name.ends_with('*');
    if (is_default) name.remove_suffix(1);
    return {
        .name = std::string(name),
        .is_default = is_default,
        .is_up = trim_field(fields[1]) == "up",
        .time_max = parse_time_limit(fields[2]),
        .time_default = parse_time_limit(fields[3]),
        .nodes_per_job = parse_most(trim_field(fields[4])),
    };
}

tl::unexpected<Error> not_understood(std::string_view command, std::string_view output) {
    return fail(
        ErrorCode::unavailable,
        fmt::format("{} printed what xorch does not understand: {}", command, first_line(output))
    );
}

}  // namespace

std::vector<std::string> show_config_argv() {
    return {"scontrol", "show", "config"};
}

std::vector<std::string> ping_argv() {
    return {"scontrol", "ping"};
}

std::vector<std::string> sinfo_argv() {
    return {"sinfo", "--noheader", fmt::format("--format={}", sinfo_format)};
}

std::vector<std::string> show_partitions_argv() {
    return {"scontrol", "show", "partition"};
}

Result<SiteConfig> parse_config(std::string_view output) {
    std::map<std::string_view, std::string_view> settings;
    for (const std::string_view line : split_lines(output)) {
        const std::size_t equals = line.find(" = ");
        if (equals == std::string_view::npos) continue;
        settings.emplace(trim_field(line.substr(0, equals)), trim_field(line.substr(equals + 3)));
    }
    if (settings.empty()) return not_understood("scontrol show config", output);
    const auto text = [&](std::string_view name) {
        const auto found = settings.find(name);
        const bool known = found != settings.end() && found->second != "(null)";
        return std::string(known ? first_line(found->second) : "");
    };
    const auto time = [&](std::string_view name) { return parse_setting_time(text(name)); };
    SiteConfig config{
        .version = text("SLURM_VERSION"),
        .cluster = text("ClusterName"),
        .process_tracking = text("ProctrackType"),
        .mpi_default = text("MpiDefault"),
        .preempt_type = text("PreemptType"),
        .kill_wait = time("KillWait"),
        .over_time = time("OverTimeLimit"),
        .forgets_after = time("MinJobAge"),
        .silent_node_after = time("SlurmdTimeout"),
    };
    if (const auto requeue = parse_count(text("JobRequeue"))) config.requeues = *requeue != 0;
    // The name of the setting depends on the version.
    const bool has_parameters = settings.count("SlurmctldParameters") > 0;
    if (has_parameters) {
        const std::string both = text("SlurmctldParameters") + "," + text("PreemptParameters");
        config.signals_before_preemption = mentions_word(both, "send_user_signal");
    }
    return config;
}

Result<std::vector<SiteController>> parse_ping(std::string_view output) {
    std::vector<SiteController> controllers;
    for (const std::string_view line : split_lines(output)) {
        // "Slurmctld(primary) at host is UP"
        const std::size_t open = line.find('(');
        const std::size_t close = line.find(") at ");
        const std::size_t is = line.rfind(" is ");
        const bool fits = line.starts_with("Slurmctld") && open < close && close + 5 <= is &&
                          is != std::string_view::npos;
        if (!fits) continue;
        controllers.push_back({
            .role = std::string(first_line(line.substr(open + 1, close - open - 1))),
            .host = std::string(first_line(line.substr(close + 5, is - close - 5))),
            .is_up = trim_field(line.substr(is + 4)) == "UP",
        });
    }
    if (controllers.empty()) return not_understood("scontrol ping", output);
    return controllers;
}

Result<std::vector<PartitionFacts>> parse_sinfo(std::string_view output) {
    std::vector<PartitionFacts> partitions;
    for (const std::string_view line : split_lines(output)) {
        const auto fields = split_fields(line, '|', sinfo_fields);
        const bool fits = fields.size() == sinfo_fields && !trim_field(fields[0]).empty();
        if (!fits) return not_understood("sinfo", line);
        PartitionFacts facts = first_facts(fields);
        auto known = std::find_if(partitions.begin(), partitions.end(), [&](const auto& each) {
            return each.name == facts.name;
        });
        if (known == partitions.end()) known = partitions.insert(known, std::move(facts));
        add_group(*known, fields);
    }
    if (partitions.empty()) return not_understood("sinfo", output);
    return partitions;
}

std::map<std::string, Millis> parse_grace_times(std::string_view output) {
    std::map<std::string, Millis> times;
    for (const ShownRecord& record : parse_shown(output)) {
        const auto grace = parse_setting_time(record.value("GraceTime"));
        const std::string_view name = record.value("PartitionName");
        if (grace && !name.empty()) times.emplace(name, *grace);
    }
    return times;
}

std::uint32_t count_gpus(std::string_view gres) {
    std::uint64_t total = 0;
    // Commas also stand inside the parentheses that name sockets.
    std::string outside;
    int depth = 0;
    for (const char byte : gres) {
        if (byte == '(') ++depth;
        if (depth == 0) outside.push_back(byte);
        if (byte == ')' && depth > 0) --depth;
    }
    for (const std::string_view item : split_fields(outside, ',')) {
        const auto parts = split_fields(trim_field(item), ':');
        if (parts.front() != "gpu") continue;
        // "gpu" and "gpu:a100" are one.
        total += small(parts.size() == 1 ? 1 : parse_count(parts.back()).value_or(1));
    }
    return small(total);
}

}  // namespace xorch
