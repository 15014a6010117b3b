#include <fmt/format.h>
#include <sys/stat.h>

#include <limits>

#include "coordinator/report/examination.h"
#include "coordinator/report/tables/tables.h"
#include "coordinator/report/text.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/site/unit_folders.h"
#include "tools/cli/sweeps.h"
#include "tools/cli/verbs.h"
#include "worker/checkpoint_store.h"

namespace xorch {

namespace {

struct FsckOptions {
    std::string sweep;
    bool json = false;
    bool repair = false;
};

using Findings = std::vector<Finding>;

// Nobody but the owner may read keys or write into a sweep.
void examine_mode(const std::string& path, Findings& findings) {
    struct stat found {};

    if (::lstat(path.c_str(), &found) != 0) return;
    const unsigned loose = found.st_mode & 077U;
    if (loose == 0) return;
    findings.push_back(
        {fmt::format("{} is open to others (mode {:o})", path, found.st_mode & 07777U),
         fmt::format("chmod go= '{}'", path)}
    );
}

void examine_modes(Disk& disk, const SweepLayout& layout, Findings& findings) {
    examine_mode(layout.root, findings);
    for (const std::string& folder :
         {layout.journal(), layout.keys(), layout.inbox(), layout.spool()}) {
        examine_mode(folder, findings);
        const auto names = disk.list(folder);
        if (!names) continue;
        for (const std::string& name : *names) {
            examine_mode(folder + "/" + name, findings);
        }
    }
}

void examine_checkpoints(Disk& disk, const SweepLayout& layout, Findings& findings) {
    constexpr AttemptNumber all{std::numeric_limits<std::uint32_t>::max()};
    const auto units = list_unit_folders(disk, layout);
    if (!units) {
        findings.push_back({units.error().message, "look at the file system"});
        return;
    }
    for (const UnitId& unit : *units) {
        const auto places = list_checkpoints(disk, layout, unit, all);
        if (!places) {
            findings.push_back({places.error().message, "look at the file system"});
            continue;
        }
        for (const CheckpointPlace& place : *places) {
            if (const auto checkpoint = verify_checkpoint(disk, place); !checkpoint) {
                findings.push_back(
                    {checkpoint.error().message,
                     "nothing to do: the unit resumes from the checkpoint before it"}
                );
            }
        }
    }
}

Result<void> repair_tables(Disk& disk, const SweepLayout& layout) {
    const auto sweep = SweepReader::open(disk, layout);
    if (!sweep) return tl::unexpected(sweep.error());
    return write_newest_tables(*sweep);
}

void print_findings(const Findings& findings, bool json) {
    if (json) {
        Array array;
        for (const Finding& finding : findings) {
            Object object;
            object.emplace_back("what", finding.what);
            object.emplace_back("remedy", finding.remedy);
            array.emplace_back(std::move(object));
        }
        fmt::print("{}\n", format_json_pretty(Value(std::move(array))));
        return;
    }
    for (const Finding& finding : findings) {
        fmt::print(
            "{}\n  -> {}\n",
            escape_for_terminal(finding.what, Newlines::keep),
            escape_for_terminal(finding.remedy)
        );
    }
    if (findings.empty()) fmt::print("nothing is wrong\n");
}

Result<ExitCode> examine(const Context& context, const FsckOptions& options) {
    const auto layout = find_sweep(context.home, options.sweep);
    if (!layout) return tl::unexpected(layout.error());
    PosixDisk disk;
    if (options.repair) {
        if (auto repaired = repair_tables(disk, *layout); !repaired) {
            return tl::unexpected(repaired.error());
        }
    }
    Findings findings = examine_sweep(disk, *layout);
    examine_modes(disk, *layout, findings);
    examine_checkpoints(disk, *layout, findings);
    print_findings(findings, options.json);
    return findings.empty() ? ExitCode::complete : ExitCode::error;
}

}  // namespace

void add_fsck(CLI::App& app, Context& context) {
    auto& options = context.keep<FsckOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "fsck",
         .group = VerbGroup::site,
         .purpose = "Check a sweep's journal, records, checkpoints, tables and file modes",
         .example = "xorch fsck budget_curve\n  xorch fsck --repair"},
        [&context, &options] { return examine(context, options); }
    );
    add_sweep_argument(verb, options.sweep);
    add_json_flag(verb, options.json);
    verb.flag("--repair", options.repair, "Write records.tsv and summary.json again first");
}

}  // namespace xorch
