#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>

#include "coordinator/report/status_reader.h"
#include "coordinator/report/text.h"
#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/site/unit_folders.h"
#include "tools/cli/sweeps.h"
#include "tools/cli/verbs.h"
#include "worker/checkpoint_store.h"

namespace xorch {

namespace {

struct GcOptions {
    std::string sweep;
    bool yes = false;
};

// Something that the sweep can do without.
struct Waste {
    std::string what;
    std::vector<std::string> files;      // to be removed
    std::vector<std::string> folders{};  // to be removed with what is in them
};

// Checkpoints of final units, but the newest where the stage keeps it.
Result<Waste> find_checkpoints_of_final_units(Disk& disk, const SweepReader& sweep) {
    constexpr AttemptNumber all{std::numeric_limits<std::uint32_t>::max()};
    Waste waste{.what = "checkpoints of final units", .files = {}};
    const auto folders = list_unit_folders(disk, sweep.layout());
    if (!folders) return tl::unexpected(folders.error());
    if (folders->empty()) return waste;
    // A failed unit keeps its checkpoints: `retry` goes on from them.
    std::unordered_map<UnitId, std::size_t> kept_of;
    for (std::uint32_t stage = 0; stage < sweep.plan().stage_count(); ++stage) {
        const auto keep = sweep.plan().stage(StageIndex{stage}).checkpoints.after;
        for (std::uint32_t i = 0; i < sweep.plan().unit_count(StageIndex{stage}); ++i) {
            const UnitKey unit{StageIndex{stage}, i};
            const UnitPhase phase = sweep.state().unit(unit).phase;
            if (phase != UnitPhase::done && phase != UnitPhase::hopeless) continue;
            kept_of[sweep.plan().id(unit)] = keep == KeepCheckpoints::last ? 1 : 0;
        }
    }
    for (const UnitId& id : *folders) {
        const auto kept = kept_of.find(id);
        if (kept == kept_of.end()) continue;
        const auto places = list_checkpoints(disk, sweep.layout(), id, all);
        if (!places) return tl::unexpected(places.error());
        for (std::size_t i = kept->second; i < places->size(); ++i) {
            waste.folders.push_back((*places)[i].path);
        }
    }
    return waste;
}

// Names in a folder; none if it is not there.
std::vector<std::string> names_in(Disk& disk, const std::string& folder) {
    auto names = disk.list(folder);
    return names ? *std::move(names) : std::vector<std::string>();
}

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// "records_train_20261121_090507-2.tsv" -> "records_train"; empty for other names.
std::string table_stem(const std::string& name) {
    const bool table = name.rfind("records_", 0) == 0 || name.rfind("summary_", 0) == 0;
    if (!table || (!ends_with(name, ".tsv") && !ends_with(name, ".json"))) return "";
    const std::string stem = name.substr(0, name.rfind('.'));
    const std::size_t dash = stem.find('-', stem.size() < 22 ? 0 : stem.size() - 6);
    const std::string dated = dash == std::string::npos ? stem : stem.substr(0, dash);
    constexpr std::size_t stamp = 16;  // "_20261121_090507"
    return dated.size() > stamp ? dated.substr(0, dated.size() - stamp) : "";
}

// All stamped tables but the newest of each kind; the others say what the journal says, too.
Waste find_old_tables(Disk& disk, const SweepLayout& layout) {
    Waste waste{.what = "stamped tables that newer ones replace", .files = {}};
    const auto order = [](const std::string& name) {
        // "-2" is newer than none and "-10" newer than "-2": shorter names first.
        return std::pair(name.size(), name);
    };
    std::map<std::string, std::vector<std::string>> by_stem;
    for (const std::string& name : names_in(disk, layout.root)) {
        const std::string stem = table_stem(name);
        if (!stem.empty()) by_stem[stem].push_back(name);
    }
    for (auto& [stem, names] : by_stem) {
        std::sort(names.begin(), names.end(), [&](const auto& left, const auto& right) {
            const std::string left_stamp = left.substr(stem.size(), 16);
            const std::string right_stamp = right.substr(stem.size(), 16);
            return std::pair(left_stamp, order(left)) < std::pair(right_stamp, order(right));
        });
        for (std::size_t i = 0; i + 1 < names.size(); ++i) {
            waste.files.push_back(layout.root + "/" + names[i]);
        }
    }
    return waste;
}

Waste find_leftovers(Disk& disk, const SweepReader& sweep) {
    const SweepLayout& layout = sweep.layout();
    Waste waste{
        .what = "spools, live output and parts of files that nobody writes any more", .files = {}};
    for (const std::string& name : names_in(disk, layout.logs())) {
        if (ends_with(name, ".live")) waste.files.push_back(layout.logs() + "/" + name);
    }
    for (const std::string& name : names_in(disk, layout.root)) {
        if (ends_with(name, ".part")) waste.files.push_back(layout.root + "/" + name);
    }
    // What a spool says was made durable or can change nothing, once every unit is final.
    if (!sweep.state().complete()) return waste;
    for (const std::string& name : names_in(disk, layout.spool())) {
        waste.files.push_back(layout.spool() + "/" + name);
    }
    return waste;
}

Result<void> remove_waste(Disk& disk, const Waste& waste) {
    for (const std::string& file : waste.files) {
        if (auto removed = disk.remove(file); !removed) return removed;
    }
    for (const std::string& folder : waste.folders) {
        if (auto removed = remove_tree(disk, folder); !removed) return removed;
    }
    return {};
}

Result<void> refuse_if_live(Disk& disk, const SweepLayout& layout) {
    const auto status = read_status(disk, layout, read_clocks().unix);
    if (!status) return tl::unexpected(status.error());
    const bool at_rest =
        status->phase == SweepPhase::complete || status->phase == SweepPhase::stopped;
    if (at_rest) return {};
    return fail(
        ErrorCode::conflict,
        fmt::format(
            "the sweep is {}: nothing of it is removed\nstop it with Ctrl-C in its terminal, or "
            "wait; "
            "`xorch status` says when it is at rest",
            sweep_phase_name(status->phase)
        )
    );
}

Result<ExitCode> collect(const Context& context, const GcOptions& options) {
    const auto layout = find_sweep(context.home, options.sweep);
    if (!layout) return tl::unexpected(layout.error());
    PosixDisk disk;
    if (auto at_rest = refuse_if_live(disk, *layout); !at_rest) {
        return tl::unexpected(at_rest.error());
    }
    const auto sweep = SweepReader::open(disk, *layout);
    if (!sweep) return tl::unexpected(sweep.error());
    auto checkpoints = find_checkpoints_of_final_units(disk, *sweep);
    if (!checkpoints) return tl::unexpected(checkpoints.error());
    std::size_t found = 0;
    for (const Waste& waste :
         {*std::move(checkpoints), find_old_tables(disk, *layout), find_leftovers(disk, *sweep)}) {
        const std::size_t items = waste.files.size() + waste.folders.size();
        found += items;
        if (items == 0) continue;
        fmt::print("{}: {}\n", waste.what, format_count(items));
        for (const auto& list : {waste.files, waste.folders}) {
            for (const std::string& path : list) {
                fmt::print("  {}\n", escape_for_terminal(path));
            }
        }
        if (!options.yes) continue;
        if (auto removed = remove_waste(disk, waste); !removed) {
            return tl::unexpected(removed.error());
        }
    }
    if (found == 0) {
        fmt::print("there is nothing to remove\n");
    } else {
        fmt::print("{}\n", options.yes ? "removed" : "nothing was removed; add --yes to do it");
    }
    return ExitCode::complete;
}

}  // namespace

void add_gc(CLI::App& app, Context& context) {
    auto& options = context.keep<GcOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "gc",
         .group = VerbGroup::site,
         .purpose = "Say what a sweep at rest can do without, and with --yes remove it",
         .example = "xorch gc budget_curve\n  xorch gc budget_curve --yes"},
        [&context, &options] { return collect(context, options); }
    );
    add_sweep_argument(verb, options.sweep);
    verb.flag("--yes", options.yes, "Remove it; records, the journal and output stay");
}

}  // namespace xorch
