#include "jobs/beats/unit_beats.h"

#include <fmt/core.h>

#include "jobs/beats/balance/per_class.h"
#include "jobs/beats/beat_file.h"

namespace xorch::beats {

namespace {

// Weights are divided by counts, and a class that validation lacks has no F1.
Result<void> check_classes(const BeatSet& set, const char* split) {
    const ClassCounts counts = count_classes(set.classes);
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] > 0) continue;
        return fail(
            ErrorCode::invalid_input,
            fmt::format("no beat of class {} among those of {}", class_names[i], split)
        );
    }
    return {};
}

}  // namespace

Result<BeatSplits> beats_of(const NativeUnit& unit) {
    std::string folder = unit.params().text("data");
    if (folder.empty()) {
        const auto prepared = input_artifact(unit, "prepare", "beats");
        if (!prepared) return tl::unexpected(prepared.error());
        folder = *prepared;
    }
    auto splits = read_beats(folder);
    if (!splits) return splits;
    for (const auto& [set, name] : {
             std::pair{&splits->train, "train"},
             {&splits->val,   "val"  }
    }) {
        if (auto ok = check_classes(*set, name); !ok) {
            return fail_with_context(ok.error(), folder);
        }
    }
    if (splits->generalisation.size() > 0) return splits;
    return fail(ErrorCode::invalid_input, folder + ": no beats of other patients");
}

Result<std::string> input_artifact(
    const NativeUnit& unit, const std::string& stage, const std::string& artifact
) {
    const auto input = unit.input(stage);
    if (input) return (*input)->directory + "/" + artifact;
    return fail(
        ErrorCode::invalid_input,
        fmt::format(
            "no {}: neither a parameter nor an input of stage \"{}\" has it", artifact, stage
        )
    );
}

}  // namespace xorch::beats
