#include "tools/cli/decide/lost_inputs.h"

#include <filesystem>
#include <map>

#include "worker/attempt/storage/artifact_seal.h"

namespace xorch {

namespace {

class ArtifactReader {
 public:
    explicit ArtifactReader(const SweepReader& sweep) : sweep_(sweep) {}

    bool has_lost(UnitKey unit) {
        const std::string folder = folder_of(unit);
        if (exists(folder) || exists(artifact_seal(folder))) return !are_whole(folder);
        return leaves_artifacts(unit.stage);
    }

 private:
    std::string folder_of(UnitKey unit) const {
        const AttemptNumber attempt{sweep_.state().unit(unit).attempt};
        return sweep_.layout().output(sweep_.plan().id(unit), attempt);
    }

    static bool exists(const std::string& path) {
        std::error_code ignored;
        return std::filesystem::exists(path, ignored);
    }

    // Where others of the stage have a folder, one that has none has lost it.
    bool leaves_artifacts(StageIndex stage) {
        const auto [known, is_new] = leaves_.emplace(stage.value, false);
        for (std::uint32_t i = 0; is_new && i < sweep_.plan().unit_count(stage); ++i) {
            const UnitKey unit{stage, i};
            if (sweep_.state().unit(unit).phase != UnitPhase::done) continue;
            if (!exists(folder_of(unit))) continue;
            known->second = true;
            break;
        }
        return known->second;
    }

    const SweepReader& sweep_;
    std::map<std::uint32_t, bool> leaves_;
};

}  // namespace

std::set<UnitKey> find_lost_inputs(const SweepReader& sweep, const std::set<UnitKey>& units) {
    ArtifactReader artifacts(sweep);
    std::set<UnitKey> lost;
    std::set<UnitKey> seen;
    std::vector<UnitKey> next(units.begin(), units.end());
    while (!next.empty()) {
        const UnitKey unit = next.back();
        next.pop_back();
        for (const InputGroup& group : sweep.plan().inputs(unit)) {
            for (const std::uint32_t index : group.indices) {
                UnitKey input{group.stage, index};
                // Its files are where its twin wrote them.
                if (sweep.state().unit(input).waits_for_twin) {
                    input = *sweep.plan().same_unit(input);
                }
                const bool is_done = sweep.state().unit(input).phase == UnitPhase::done;
                if (!seen.insert(input).second || !is_done || !artifacts.has_lost(input)) continue;
                lost.insert(input);
                next.push_back(input);
            }
        }
    }
    return lost;
}

}  // namespace xorch
