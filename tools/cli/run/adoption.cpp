#include "tools/cli/run/adoption.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <limits>
#include <unordered_map>
#include <utility>

#include "coordinator/decide/rules/rules.h"
#include "coordinator/journal/claim.h"
#include "coordinator/journal/journal.h"
#include "coordinator/report/sweep_reader.h"
#include "coordinator/report/tables/unit_results.h"
#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "core/stop_rule.h"
#include "tools/cli/run/local_run.h"
#include "tools/cli/site/unit_folders.h"
#include "tools/cli/sweeps.h"
#include "worker/attempt/storage/artifact_seal.h"
#include "worker/checkpoint_store.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t facts_per_batch =
    256;  // far below the limit of a frame for rows of usual size
constexpr std::size_t checkpoints_kept = 2;  // as agents do
constexpr AttemptNumber any_attempt{std::numeric_limits<std::uint32_t>::max()};

// Units of the new sweep that nobody has a result for yet, by id.
using Wanted = std::unordered_map<UnitId, std::vector<UnitKey>>;

Wanted open_units(const State& state) {
    const Plan& plan = state.plan();
    Wanted wanted;
    for (std::uint32_t stage = 0; stage < plan.stage_count(); ++stage) {
        for (std::uint32_t index = 0; index < plan.unit_count(StageIndex{stage}); ++index) {
            const UnitKey unit{StageIndex{stage}, index};
            if (!is_final(state.unit(unit).phase)) wanted[plan.id(unit)].push_back(unit);
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

// Takes out of `wanted` what this sweep has finished, as it is under the rules of `sweep`. What an
// earlier rule gave up and this sweep's do not is left to be done.
Result<Earlier> take_results(const SweepLayout& layout, const Sweep& sweep, Wanted& wanted) {
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
            const bool was_hopeless = state.phase == UnitPhase::hopeless;
            if ((state.phase != UnitPhase::done && !was_hopeless) || !result.known) return {};
            const UnitId id = plan.id(unit);
            const auto found = wanted.find(id);
            if (found == wanted.end()) return {};
            const Stage& as = sweep.stages[found->second.front().stage.value];
            const AttemptEnd end = judged(stop_rules_of(sweep, as), result.end);
            if (was_hopeless && end.cause != Cause::hopeless) return {};
            for (const UnitKey& key : found->second)
                earlier.units.push_back({key, name, end});
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

// Hard links where they can be had: what was published or sealed does not change any more.
std::error_code link_folder(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::create_directories(fs::path(to).parent_path(), error);
    fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::create_hard_links, error);
    if (error) {
        fs::copy(
            from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing, error
        );
    }
    return error;
}

// Artifacts of a unit under the new sweep, where an adopted unit's are looked for: attempt 0.
void link_artifacts(const Earlier& earlier, const SweepLayout& layout) {
    for (const auto& [id, attempt] : earlier.attempts) {
        const std::string from = earlier.layout.output(id, attempt);
        std::error_code error;
        const std::string to = layout.output(id, AttemptNumber{0});
        if (!fs::is_directory(from, error)) continue;
        link_folder(from, to);
        if (fs::exists(artifact_seal(from), error)) {
            fs::copy_file(artifact_seal(from), artifact_seal(to), error);
        }
    }
}

// True if a checkpoint is there for the first attempt of the unit: as one of attempt 0. The second
// newest is for the case that the newest is damaged.
bool link_checkpoints(const SweepLayout& earlier, const SweepLayout& layout, const UnitId& id) {
    PosixDisk disk;
    auto places = list_checkpoints(disk, earlier, id, any_attempt);
    if (!places) return false;
    places->resize(std::min(places->size(), checkpoints_kept));
    bool is_there = false;
    for (const CheckpointPlace& place : *places) {
        const std::string attempt = layout.attempt(id, AttemptNumber{0});
        const std::string half = unsealed_path(attempt, place.sequence);
        std::error_code error = link_folder(place.path, half);
        if (!error) fs::rename(half, sealed_path(attempt, place.sequence), error);
        is_there = is_there || !error;
    }
    return is_there;
}

// What a sweep that never ran may take over, as facts in the order in which its journal may hold
// them: results, the selections that follow from them, results of the units that those promote.
class Adoption {
 public:
    // From these sweeps, the newest first. One that cannot be read any more contributes nothing.
    // `own` are facts that come first: what they finish is not taken from anywhere.
    static Result<Adoption> collect(
        const FrozenSweep& frozen, const std::vector<SweepLayout>& layouts, std::vector<Fact> own
    ) {
        auto plan = Plan::make(frozen.sweep);
        if (!plan) return tl::unexpected(plan.error());
        Adoption adoption{State(*std::move(plan))};
        if (auto applied = adoption.apply({.at_unix = {}, .facts = std::move(own)}); !applied) {
            return tl::unexpected(applied.error());
        }
        do {
            Wanted wanted = open_units(adoption.state_);
            for (const SweepLayout& layout : layouts) {
                if (wanted.empty()) break;
                auto earlier = take_results(layout, frozen.sweep, wanted);
                if (!earlier || earlier->units.empty()) continue;
                if (auto added = adoption.add(*std::move(earlier)); !added) {
                    return tl::unexpected(added.error());
                }
            }
        } while (adoption.decide_selection());
        return adoption;
    }

    EarlierResults results() const { return {.from = from_, .units = units_, .resumed_from = {}}; }

    // What is not finished by all this.
    Wanted open() const { return open_units(state_); }

    const std::vector<Earlier>& sources() const { return sources_; }

    const std::vector<Fact>& facts() const { return facts_; }

 private:
    explicit Adoption(State state) : state_(std::move(state)) {}

    Result<void> add(Earlier earlier) {
        if (from_.empty()) from_ = earlier.units.front().from;
        units_ += earlier.units.size();
        FactBatch batch;
        for (UnitAdopted& unit : std::exchange(earlier.units, {}))
            batch.facts.emplace_back(std::move(unit));
        sources_.push_back(std::move(earlier));
        return apply(std::move(batch));
    }

    // False if none is due.
    bool decide_selection() {
        if (units_ == 0) return false;
        const Effects due = on_progress(state_, Presence(state_, EpochNumber{1}, Now{}), Now{});
        for (const Fact& fact : due.facts) {
            if (std::holds_alternative<SelectionDecided>(fact))
                return apply({.at_unix = {}, .facts = {fact}}).has_value();
        }
        return false;
    }

    Result<void> apply(FactBatch batch) {
        if (auto applied = state_.apply(batch, {}); !applied) return applied;
        std::move(batch.facts.begin(), batch.facts.end(), std::back_inserter(facts_));
        return {};
    }

    State state_;
    std::vector<Earlier> sources_;
    std::vector<Fact> facts_;
    std::string from_;
    std::size_t units_ = 0;
};

// Of the newest sweep that has any of the unit.
void adopt_checkpoints(
    const std::vector<SweepLayout>& layouts,
    const SweepLayout& layout,
    Wanted open,
    EarlierResults& results
) {
    PosixDisk disk;
    for (const SweepLayout& earlier : layouts) {
        const auto folders = list_unit_folders(disk, earlier);
        if (!folders) continue;
        for (const UnitId& id : *folders) {
            if (!open.contains(id) || !link_checkpoints(earlier, layout, id)) continue;
            open.erase(id);
            ++results.resumable;
            if (results.resumed_from.empty())
                results.resumed_from = fs::path(earlier.root).filename().string();
        }
    }
}

// In an epoch of their own; `hash` is of the frozen text.
Result<void> write_facts(
    const SweepLayout& layout, const std::string& hash, const std::vector<Fact>& facts
) {
    auto self = this_holder("");
    if (!self) return tl::unexpected(self.error());
    PosixDisk disk;
    auto writer = JournalWriter::claim(disk, layout.journal(), JournalEnd{}, *self, hash);
    if (!writer) return tl::unexpected(writer.error());
    const Millis now = read_clocks().unix;
    for (std::size_t first = 0; first < facts.size(); first += facts_per_batch) {
        const auto begin = facts.begin() + static_cast<std::ptrdiff_t>(first);
        const std::size_t count = std::min(facts_per_batch, facts.size() - first);
        writer->stage({
            .at_unix = now, .facts = {begin, begin + static_cast<std::ptrdiff_t>(count)}
        });
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

Result<EarlierResults> find_earlier_results(const std::string& home, const FrozenSweep& frozen) {
    const auto adoption = Adoption::collect(frozen, sweeps_of_name(home, frozen.sweep.name), {});
    if (!adoption) return tl::unexpected(adoption.error());
    return adoption->results();
}

Result<EarlierResults> adopt_earlier(
    const std::string& home,
    const SweepLayout& layout,
    const FrozenSweep& frozen,
    std::vector<Fact> own
) {
    std::vector<SweepLayout> layouts = sweeps_of_name(home, frozen.sweep.name);
    std::erase_if(layouts, [&](const SweepLayout& each) { return each.root == layout.root; });
    const auto adoption = Adoption::collect(frozen, layouts, std::move(own));
    if (!adoption) return tl::unexpected(adoption.error());
    EarlierResults results = adoption->results();
    adopt_checkpoints(layouts, layout, adoption->open(), results);
    if (adoption->facts().empty()) return results;
    for (const Earlier& earlier : adoption->sources())
        link_artifacts(earlier, layout);
    if (auto written = write_facts(layout, frozen.hash, adoption->facts()); !written)
        return tl::unexpected(written.error());
    return results;
}

}  // namespace xorch
