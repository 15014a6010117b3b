// anomaly.cls and anomaly.seg: pure functions of the maps that an inference left. They ask no
// network, so that what they recorded can be computed again at any time, for seconds.

#include <fmt/core.h>

#include <cmath>
#include <filesystem>

#include "jobs/anomaly/jobs.h"
#include "jobs/anomaly/score/scored_task.h"

namespace xorch {

namespace anomaly {

namespace {

constexpr const char* maps_folder = "maps";

struct KeptMaps {
    TaskMaps maps;
    std::string shown;  // where they are, in words that are the same on every machine
};

Result<const UnitInput*> find_producer(const NativeUnit& unit) {
    const UnitInput* found = nullptr;
    for (const UnitInput& input : unit.inputs()) {
        std::error_code error;
        if (!std::filesystem::exists(input.directory + "/" + maps_folder, error)) continue;
        if (found != nullptr) return fail(ErrorCode::conflict, "more than one input left maps/");
        found = &input;
    }
    if (found != nullptr) return found;
    return fail(
        ErrorCode::invalid_input, "neither the parameter maps nor an input with maps/ is there"
    );
}

Result<KeptMaps> find_maps(const NativeUnit& unit) {
    if (const std::string& given = unit.params().text("maps"); !given.empty()) {
        auto maps = read_maps(given, "");
        if (!maps) return tl::unexpected(maps.error());
        return KeptMaps{.maps = std::move(*maps), .shown = maps_folder};
    }
    const auto producer = find_producer(unit);
    if (!producer) return tl::unexpected(producer.error());
    const UnitInput& input = **producer;
    const Value* hash =
        input.records.empty() ? nullptr : find_member(input.records.back(), "maps_hash");
    const std::string* expected = hash == nullptr ? nullptr : hash->get_if<std::string>();
    if (expected == nullptr) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("the record of {} does not say the hash of its maps", input.stage)
        );
    }
    auto maps = read_maps(input.directory + "/" + maps_folder, *expected);
    if (!maps) return tl::unexpected(maps.error());
    return KeptMaps{
        .maps = std::move(*maps),
        .shown = fmt::format("{}/{}/{}", input.stage, input.unit, maps_folder)};
}

Value points(const std::optional<double>& area) {
    return area ? Value(*area) : Value();
}

void add_branches(Object& row, const BranchReport& branches, const ModeReport& mode) {
    const auto& semantic = branches.semantic;
    const auto& memory = branches.memory;
    set_member(row, "semantic_auroc", points(semantic));
    set_member(row, "memory_auroc", points(memory));
    const bool known = semantic && memory && mode.area;
    set_member(row, "gap", known ? Value(std::abs(*semantic - *memory)) : Value());
    set_member(
        row, "gain_over_best", known ? Value(*mode.area - std::max(*semantic, *memory)) : Value()
    );
    const char* weak = !known || *semantic == *memory ? ""
                       : *semantic < *memory          ? "semantic"
                                                      : "memory";
    set_member(row, "weak_branch", weak);
    set_member(row, "oracle_semantic_ratio", branches.oracle_semantic_ratio);
    set_member(row, "oracle_memory_ratio", 1 - branches.oracle_semantic_ratio);
    set_member(row, "frac_semantic_selected", branches.semantic_share);
    set_member(row, "score_hash", mode.score_hash);
}

void add_source(Object& row, const KeptMaps& kept) {
    const bool own = !kept.maps.encoder_hash.empty();
    set_member(row, "branch_source", own ? "computed" : "backfilled");
    set_member(row, "metadata_path", kept.shown);
}

struct Question {
    ScoreMode mode;
    ScoringSettings settings;
};

Result<Question> question_of(const Parameters& params) {
    const auto mode = parse_score_mode(params.text("score_mode"));
    if (!mode) return tl::unexpected(mode.error());
    const auto calibration = parse_calibration(params.text("calib"));
    if (!calibration) return tl::unexpected(calibration.error());
    return Question{.mode = *mode, .settings = {.calibration = *calibration}};
}

Result<JobEnd> report(NativeUnit& unit, const Object& row) {
    if (auto reported = unit.report(row); !reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

// "semantic=max harmonic=memory": two names for one thing.
std::string equal_modes(const std::vector<ModeReport>& modes) {
    std::string pairs;
    for (std::size_t i = 0; i < modes.size(); ++i) {
        for (std::size_t j = i + 1; j < modes.size(); ++j) {
            if (modes[i].score_hash != modes[j].score_hash) continue;
            if (!pairs.empty()) pairs += ' ';
            pairs += fmt::format(
                "{}={}", score_mode_name(score_modes[i]), score_mode_name(score_modes[j])
            );
        }
    }
    return pairs;
}

}  // namespace

}  // namespace anomaly

Result<JobEnd> run_anomaly_cls(NativeUnit& unit) {
    using namespace anomaly;
    auto question = question_of(unit.params());
    if (!question) return tl::unexpected(question.error());
    const auto kept = find_maps(unit);
    if (!kept) return tl::unexpected(kept.error());
    ScoringSettings& settings = question->settings;
    settings.memory = unit.params().text("memory_cls_reduce") == "map" ? MemoryReduction::map
                                                                       : MemoryReduction::patch;
    settings.pixels.resolution = kept->maps.images[0].mask.height;
    const TaskReport found =
        score_images(kept->maps, settings, {std::begin(score_modes), std::end(score_modes)});
    const ModeReport& asked = found.modes[static_cast<std::size_t>(question->mode)];
    Object row{
        {"i_roc", points(asked.area)}
    };
    for (const ScoreMode mode : score_modes) {
        set_member(
            row,
            fmt::format("i_roc_{}", score_mode_name(mode)),
            points(found.modes[static_cast<std::size_t>(mode)].area)
        );
    }
    add_branches(row, found.branches, asked);
    add_source(row, *kept);
    const std::string equal = equal_modes(found.modes);
    set_member(row, "equal_modes", equal);
    set_member(row, checks_column, equal.empty() ? "" : "EQUAL_SCORE_HASH");
    return report(unit, row);
}

Result<JobEnd> run_anomaly_seg(NativeUnit& unit) {
    using namespace anomaly;
    auto question = question_of(unit.params());
    if (!question) return tl::unexpected(question.error());
    const auto kept = find_maps(unit);
    if (!kept) return tl::unexpected(kept.error());
    ScoringSettings& settings = question->settings;
    settings.oracle = unit.params().text("oracle_impl") == "max_alias" ? OracleKind::max_alias
                                                                       : OracleKind::pixel;
    settings.pixels = {
        .resolution = kept->maps.images[0].mask.height, .sigma = unit.params().number("sigma")};
    const TaskReport found = score_pixels(kept->maps, settings, {question->mode});
    Object row{
        {"p_roc",          points(found.modes[0].area)    },
        {"p_roc_semantic", points(found.branches.semantic)},
        {"p_roc_memory",   points(found.branches.memory)  },
    };
    add_branches(row, found.branches, found.modes[0]);
    add_source(row, *kept);
    set_member(row, checks_column, "");
    return report(unit, row);
}

}  // namespace xorch
