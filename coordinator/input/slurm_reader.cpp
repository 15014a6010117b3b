// The [slurm] table of a sweep file, and a site's caps on it.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "coordinator/input/quantity.h"
#include "coordinator/input/reading.h"
#include "core/slurm_options.h"

namespace xorch {

namespace {

// What `sbatch --signal` can count.
constexpr Millis lead_min{1'000};
constexpr Millis lead_max{65'535'000};

// What the key may say.
constexpr std::uint64_t cpus_max = 65'536;

// One quantity that a site can cap.
struct Cap {
    std::string_view name;
    std::uint64_t (*amount)(const SlurmOptions&);
    std::string (*show)(const SlurmOptions&);
};

template <std::uint32_t SlurmOptions::*count>
constexpr Cap cap_of(std::string_view name) {
    return {
        name,
        [](const SlurmOptions& slurm) { return std::uint64_t{slurm.*count}; },
        [](const SlurmOptions& slurm) { return fmt::format("{}", slurm.*count); }};
}

constexpr std::array caps{
    cap_of<&SlurmOptions::nodes>("nodes"),
    cap_of<&SlurmOptions::cpus_per_node>("cpus_per_node"),
    cap_of<&SlurmOptions::gpus_per_node>("gpus_per_node"),
    cap_of<&SlurmOptions::max_allocations>("max_allocations"),
    Cap{"memory_per_node",
        [](const SlurmOptions& slurm) { return slurm.memory_per_node.value; },
        [](const SlurmOptions& slurm) { return format_size(slurm.memory_per_node); }},
    Cap{"time",
        [](const SlurmOptions& slurm) { return static_cast<std::uint64_t>(slurm.time.count()); },
        [](const SlurmOptions& slurm) { return format_duration(slurm.time); }       },
};

// An option of sbatch that asks for what a site caps under another name.
struct Bypass {
    std::string_view cap;
    std::string_view option;
};

constexpr std::array bypasses{
    Bypass{"cpus_per_node",   "exclusive"  },
    Bypass{"gpus_per_node",   "gres"       },
    Bypass{"memory_per_node", "mem"        },
    Bypass{"memory_per_node", "mem-per-cpu"},
    Bypass{"memory_per_node", "mem-per-gpu"},
};

// "" for true; nothing for what no option of sbatch can have.
std::optional<std::string> option_text(const Node& node) {
    if (node.kind != NodeKind::scalar) return std::nullopt;
    if (const auto* text = node.scalar.get_if<std::string>()) return *text;
    if (const auto* number = node.scalar.get_if<std::int64_t>()) return fmt::format("{}", *number);
    const auto* flag = node.scalar.get_if<bool>();
    if (flag != nullptr && *flag) return "";
    return std::nullopt;
}

void read_option(ReadingContext& context, const Entry& entry, SlurmOptions& slurm) {
    const SlurmRule* rule = find_slurm_option(entry.key);
    if (rule == nullptr) {
        std::vector<std::string> names;
        for (const SlurmRule& known : slurm_option_rules())
            names.emplace_back(known.name);
        context.complaints.add_unknown(
            entry.place, {"xorch passes no option", entry.key, " to sbatch"}, names
        );
        return;
    }
    // So that a sweep can do without what its site file gives.
    const auto* flag = entry.node.scalar.get_if<bool>();
    if (flag != nullptr && !*flag) return;
    const auto text = option_text(entry.node);
    if (!text) {
        context.complaints.add(
            entry.node.place,
            fmt::format(
                "{} must be a string, an integer, true or false, not {}",
                entry.key,
                entry.node.describe()
            )
        );
        return;
    }
    const auto checked = check_slurm_text(*rule, *text);
    if (!checked) return context.complaints.add(entry.node.place, checked.error().message);
    slurm.options[entry.key] = *text;
}

void enforce(
    ReadingContext& context, const Node& caps_node, const Node* asked_node, SlurmOptions& slurm
) {
    SlurmOptions most;
    read_table(caps_node, "[enforce] slurm", cap_keys(), context.complaints, most);
    for (const Cap& cap : caps) {
        const Node* limit = caps_node.find(cap.name);
        if (limit == nullptr || cap.amount(slurm) <= cap.amount(most)) continue;
        const Node* asked = asked_node == nullptr ? nullptr : asked_node->find(cap.name);
        context.complaints.add(
            asked == nullptr ? limit->place : asked->place,
            fmt::format(
                "slurm.{} is {}, but this site allows at most {} ({})",
                cap.name,
                cap.show(slurm),
                cap.show(most),
                context.complaints.describe(limit->place)
            )
        );
    }
    const Node* options = asked_node == nullptr ? nullptr : asked_node->find("options");
    for (const Bypass& bypass : bypasses) {
        const Node* limit = caps_node.find(bypass.cap);
        const bool asked = slurm.options.count(std::string(bypass.option)) > 0;
        if (limit == nullptr || options == nullptr || !asked) continue;
        context.complaints.add(
            options->find(bypass.option)->place,
            fmt::format(
                "this site caps slurm.{} ({}); write that instead of the option {}",
                bypass.cap,
                context.complaints.describe(limit->place),
                bypass.option
            )
        );
    }
    // The partition's default could be longer than what the site allows.
    if (slurm.time == Millis{0}) slurm.time = most.time;
}

}  // namespace

void read_slurm(ReadingContext& context, const Node& root, SlurmOptions& slurm) {
    const Node* node = root.find("slurm");
    if (node == nullptr) return;
    read_table(*node, "[slurm]", slurm_keys(), context.complaints, slurm);
    for (const Entry& entry : node->members) {
        const SlurmRule* rule = find_slurm_key(entry.key);
        const auto* text = entry.node.scalar.get_if<std::string>();
        if (rule == nullptr || text == nullptr || text->empty()) continue;
        const auto checked = check_slurm_text(*rule, *text);
        if (!checked) context.complaints.add(entry.node.place, checked.error().message);
    }
    const Node* lead = node->find("signal_lead");
    const bool wants_signal = slurm.signal_lead != Millis{0};
    const bool can_be_said = slurm.signal_lead >= lead_min && slurm.signal_lead <= lead_max;
    if (lead != nullptr && wants_signal && !can_be_said) {
        context.complaints.add(
            lead->place, "\"signal_lead\" must be 0, or at least 1s and at most 65535s"
        );
    }
    const Node* options = node->find("options");
    if (options == nullptr) return;
    if (options->kind != NodeKind::table) {
        return context.complaints.add(
            options->place, "options must be a table: options = { reservation = \"name\" }"
        );
    }
    for (const Entry& entry : options->members)
        read_option(context, entry, slurm);
    const Node* memory = options->find("mem");
    if (memory != nullptr && slurm.memory_per_node.value > 0) {
        context.complaints.add(memory->place, "mem says the same as memory_per_node; remove one");
    }
}

void ask_for_cpus(Sweep& sweep) {
    SlurmOptions& slurm = sweep.slurm;
    const auto exclusive = slurm.options.find("exclusive");
    // `exclusive=user` keeps others away, and still gives only what was asked for.
    const bool whole_nodes = exclusive != slurm.options.end() && exclusive->second.empty();
    if (slurm.cpus_per_node > 0 || whole_nodes) return;
    std::uint64_t most = 1;
    for (const Stage& stage : sweep.stages) {
        const std::uint64_t ranks = std::max(stage.resources.ranks_per_node, 1U);
        const std::uint64_t gpus = ranks * stage.resources.gpus;
        const std::uint64_t units =
            gpus == 0 ? 1 : std::max<std::uint64_t>(slurm.gpus_per_node / gpus, 1);
        most = std::max(most, units * ranks * stage.resources.cpus);
    }
    slurm.cpus_per_node = static_cast<std::uint32_t>(std::min(most, cpus_max));
}

void enforce_site(ReadingContext& context, const Node& root, SlurmOptions& slurm) {
    KeyText key;
    key.name = "slurm";
    const std::vector<KeyText> keys{key};
    for (const Node& site : context.enforced) {
        if (!check_members(site, "[enforce]", keys, context.complaints)) continue;
        const Node* caps_node = site.find("slurm");
        if (caps_node != nullptr) enforce(context, *caps_node, root.find("slurm"), slurm);
    }
}

}  // namespace xorch
