#include "tools/cli/run/adoption.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <unordered_map>
#include <utility>

#include "coordinator/journal/claim.h"
#include "coordinator/journal/journal.h"
#include "coordinator/report/sweep_reader.h"
#include "coordinator/report/tables/unit_results.h"
#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "tools/cli/run/local_run.h"
#include "tools/cli/sweeps.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t units_per_batch =
    256;  // far below the limit of a frame for rows of usual size

// Units of the new plan that nobody has a result for yet, by id.
using Wanted = std::unordered_map<UnitId, std::vector<UnitKey>>;

Wanted all_units(const Plan& plan) {
    Wanted wanted;
    for (std::uint32_t stage = 0; stage < plan.stage_count(); ++stage) {
        for (std::uint32_t index = 0; index < plan.unit_count(StageIndex{stage}); ++index) {
            const UnitKey unit{StageIndex{stage}, index};
            wanted[plan.id(unit)].push_back(unit);
        }
    }
    return wanted;
}

struct Earlier {
    SweepLayout layout;
    std::vector<UnitAdopted> units;
    std::vector<std::pair<UnitId, AttemptNumber>> attempts;  // whose artifacts go with them
};

Result<SweepReader> open_reader(Disk& disk, const SweepLayout& layout) {
    auto opened = open_sweep(layout);
    if (!opened) return tl::unexpected(opened.error());
    auto plan = Plan::make(std::move(opened->sweep));
    if (!plan) return tl::unexpected(plan.error());
    return SweepReader::read(disk, layout, std::move(*plan));
}

// Takes out of `wanted` what this sweep has finished.
Result<Earlier> take_results(const SweepLayout& layout, Wanted& wanted) {
    PosixDisk disk;
    auto reader = open_reader(disk, layout);
    if (!reader) return tl::unexpected(reader.error());
    const Plan& plan = reader->plan();
    Earlier earlier{.layout = layout};
    const std::string name = fs::path(layout.root).filename().string();
    for (std::uint32_t stage = 0; stage < plan.stage_count(); ++stage) {
        UnitResults results(*reader, StageIndex{stage});
        auto visited = results.visit([&](UnitKey unit, const UnitResult& result) -> Result<void> {
            const UnitState& state = reader->state().unit(unit);
            if (state.phase != UnitPhase::done || !result.known) return {};
            const UnitId id = plan.id(unit);
            const auto found = wanted.find(id);
            if (found == wanted.end()) return {};
            for (const UnitKey& key : found->second)
                earlier.units.push_back({key, name, result.end});
            earlier.attempts.emplace_back(id, AttemptNumber{state.attempt});
            wanted.erase(found);
            return {};
        });
        if (!visited) return tl::unexpected(visited.error());
    }
    return earlier;
}

std::vector<SweepLayout> sweeps_of_name(const std::string& home, const std::string& name) {
    std::vector<SweepLayout> layouts;
    for (const FoundSweep& found : list_sweeps(home)) {
        if (found.name.name == name) layouts.push_back(found.layout);
    }
    return layouts;
}

// The results of each earlier sweep that has some, newest sweep first.
std::vector<Earlier> find_all(const std::vector<SweepLayout>& layouts, const Plan& plan) {
    std::vector<Earlier> all;
    if (layouts.empty()) return all;
    Wanted wanted = all_units(plan);
    for (const SweepLayout& layout : layouts) {
        if (wanted.empty()) break;
        auto earlier = take_results(layout, wanted);
        if (earlier && !earlier->units.empty()) all.push_back(std::move(*earlier));
    }
    return all;
}

// Artifacts of a unit under the new sweep, where an adopted unit's are looked for: attempt 0. Hard
// links: a finished unit's files do not change any more.
void link_artifacts(const Earlier& earlier, const SweepLayout& layout) {
    for (const auto& [id, attempt] : earlier.attempts) {
        const std::string from = earlier.layout.output(id, attempt);
        const std::string to = layout.output(id, AttemptNumber{0});
        std::error_code error;
        if (!fs::is_directory(from, error)) continue;
        fs::create_directories(fs::path(to).parent_path(), error);
        fs::copy(
            from, to, fs::copy_options::recursive | fs::copy_options::create_hard_links, error
        );
        if (error)
            fs::copy(
                from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing, error
            );
    }
}

Result<void> write_facts(
    const SweepLayout& layout, const std::string& hash, std::vector<Earlier>& all
) {
    auto self = this_holder("");
    if (!self) return tl::unexpected(self.error());
    PosixDisk disk;
    auto writer = JournalWriter::claim(disk, layout.journal(), JournalEnd{}, *self, hash);
    if (!writer) return tl::unexpected(writer.error());
    const Millis now = read_clocks().unix;
    for (Earlier& earlier : all) {
        const std::span<UnitAdopted> units(earlier.units);
        for (std::size_t first = 0; first < units.size(); first += units_per_batch) {
            FactBatch batch{.at_unix = now};
            for (UnitAdopted& unit :
                 units.subspan(first, std::min(units_per_batch, units.size() - first))) {
                batch.facts.emplace_back(std::move(unit));
            }
            writer->stage(batch);
        }
    }
    writer->stage({.at_unix = now, .facts = {EpochEnded{"took over results of earlier sweeps"}}});
    return writer->write(writer->take_staged());
}

}  // namespace

std::optional<SweepLayout> find_same_sweep(const std::string& home, const FrozenSweep& frozen) {
    PosixDisk disk;
    for (const SweepLayout& layout : sweeps_of_name(home, frozen.sweep.name)) {
        const auto text = disk.read(layout.sweep_file());
        if (text && *text == frozen.text) return layout;
    }
    return std::nullopt;
}

Result<EarlierResults> find_earlier_results(const std::string& home, const Plan& plan) {
    EarlierResults results;
    for (Earlier& earlier : find_all(sweeps_of_name(home, plan.sweep().name), plan)) {
        if (results.from.empty()) results.from = earlier.units.front().from;
        std::move(earlier.units.begin(), earlier.units.end(), std::back_inserter(results.units));
    }
    return results;
}

Result<Adopted> adopt_earlier(
    const std::string& home, const SweepLayout& layout, const FrozenSweep& frozen
) {
    std::vector<SweepLayout> layouts = sweeps_of_name(home, frozen.sweep.name);
    std::erase_if(layouts, [&](const SweepLayout& each) { return each.root == layout.root; });
    Adopted adopted;
    if (layouts.empty()) return adopted;
    auto plan = Plan::make(frozen.sweep);
    if (!plan) return tl::unexpected(plan.error());
    std::vector<Earlier> all = find_all(layouts, *plan);
    if (all.empty()) return adopted;
    adopted.from = all.front().units.front().from;
    for (const Earlier& earlier : all) {
        adopted.units += earlier.units.size();
        link_artifacts(earlier, layout);
    }
    if (auto written = write_facts(layout, frozen.hash, all); !written)
        return tl::unexpected(written.error());
    return adopted;
}

}  // namespace xorch
