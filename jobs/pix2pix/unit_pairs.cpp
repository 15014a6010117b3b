#include "jobs/pix2pix/unit_pairs.h"

#include <fmt/core.h>

#include <filesystem>

#include "core/io/posix_disk.h"
#include "core/json.h"
#include "jobs/files/file_bytes.h"
#include "jobs/unit_artifacts.h"

namespace xorch::pix2pix {

namespace {

// A JSON object that an earlier unit left.
Result<Object> read_object(const std::string& path) {
    const auto text = read_bytes(path);
    if (!text) return fail_with_context(text.error(), path);
    const auto value = parse_json(*text);
    if (!value) return fail_with_context(value.error(), path);
    if (const auto* object = value->get_if<Object>()) return *object;
    return fail(ErrorCode::corrupted, path + ": no JSON object");
}

Result<double> number_in(const Object& object, const std::string& name) {
    const Value* value = find_member(object, name);
    const auto number = value == nullptr ? std::nullopt : value->as_number();
    if (number) return *number;
    return fail(ErrorCode::corrupted, "no number " + name);
}

Result<Ids> ids_in(const Object& object, const std::string& name) {
    const Value* value = find_member(object, name);
    const auto* array = value == nullptr ? nullptr : value->get_if<Array>();
    if (array == nullptr) return fail(ErrorCode::corrupted, "no list " + name);
    Ids ids;
    for (const Value& each : *array) {
        const auto* id = each.get_if<std::string>();
        if (id == nullptr) return fail(ErrorCode::corrupted, name + " has what is no id");
        ids.push_back(*id);
    }
    return ids;
}

// The one object of that name, if an input left one.
Result<std::optional<Object>> find_object(const NativeUnit& unit, const std::string& name) {
    const auto path = find_left(unit, name);
    if (!path) return tl::unexpected(path.error());
    if (!*path) return std::optional<Object>();
    auto object = read_object(**path);
    if (!object) return tl::unexpected(object.error());
    return std::optional(std::move(*object));
}

}  // namespace

Result<std::string> require_left(const NativeUnit& unit, const std::string& name) {
    auto found = find_left(unit, name);
    if (!found) return tl::unexpected(found.error());
    if (*found) return std::move(**found);
    return fail(ErrorCode::not_found, "no input left " + name);
}

Result<PairSplits> pairs_of(const NativeUnit& unit) {
    const auto folder = require_left(unit, pairs_folder);
    if (!folder) return tl::unexpected(folder.error());
    PosixDisk disk;
    const auto state = load_job_state(disk, *folder);
    if (!state) return tl::unexpected(state.error());
    auto pairs = restore_pairs(*state);
    if (!pairs) return fail_with_context(pairs.error(), *folder);
    return pairs;
}

Result<std::string> model_of(const NativeUnit& unit) {
    if (const std::string& model = unit.params().text("model"); !model.empty()) return model;
    return require_left(unit, model_folder);
}

Result<std::optional<Baseline>> baseline_of(const NativeUnit& unit) {
    const auto object = find_object(unit, baseline_name);
    if (!object) return tl::unexpected(object.error());
    if (!*object) return std::optional<Baseline>();
    const auto l1 = number_in(**object, "tau_l1");
    if (!l1) return fail_with_context(l1.error(), baseline_name);
    const auto ratio = number_in(**object, "tau_psnr");
    if (!ratio) return fail_with_context(ratio.error(), baseline_name);
    auto hard = ids_in(**object, "hardcase_ids");
    if (!hard) return fail_with_context(hard.error(), baseline_name);
    return std::optional(Baseline{
        .thresholds = {.l1 = *l1, .psnr = *ratio},
          .hard = std::move(*hard)
    });
}

std::string format_baseline(const Baseline& baseline, double spread) {
    Object object;
    set_member(object, "tau_l1", baseline.thresholds.l1);
    set_member(object, "tau_psnr", baseline.thresholds.psnr);
    set_member(object, "spread", spread);
    set_member(object, "hardcase_ids", Array(baseline.hard.begin(), baseline.hard.end()));
    return format_json_pretty(object);
}

Result<std::optional<HardPairs>> hard_pairs_of(const NativeUnit& unit) {
    const auto object = find_object(unit, hard_name);
    if (!object) return tl::unexpected(object.error());
    if (!*object) return std::optional<HardPairs>();
    auto ids = ids_in(**object, "ids");
    if (!ids) return fail_with_context(ids.error(), hard_name);
    const Value* source = find_member(**object, "source");
    const auto* name = source == nullptr ? nullptr : source->get_if<std::string>();
    if (name == nullptr) return fail(ErrorCode::corrupted, "hard_train.json: no source");
    return std::optional(HardPairs{.source = *name, .ids = std::move(*ids)});
}

std::string format_hard_pairs(const HardPairs& hard) {
    Object object;
    set_member(object, "source", hard.source);
    set_member(object, "ids", Array(hard.ids.begin(), hard.ids.end()));
    return format_json_pretty(object);
}

ProxyWeights proxy_weights(const Parameters& params) {
    return {
        .l1 = params.number("proxy_l1"),
        .edge = params.number("proxy_edge"),
        .regions = {
                    params.number("proxy_sn"), params.number("proxy_ab"), params.number("proxy_gogn")}
    };
}

Result<std::vector<Regions>> regions_of_set(const PairSet& set, const Parameters& params) {
    RegionBoxes boxes{};
    for (std::size_t i = 0; i < region_count; ++i) {
        const std::string name = std::string("box_") + region_names[i];
        const auto box = parse_region(params.text(name));
        if (!box) {
            return fail_with_context(box.error(), fmt::format("{} = {}", name, params.text(name)));
        }
        boxes[i] = *box;
    }
    if (params.text("roi_mode") == "fixed") {
        return std::vector<Regions>(set.size(), regions_of(set.side, boxes));
    }
    if (set.landmarks.size() != set.size()) {
        return fail(ErrorCode::invalid_input, "roi_mode = landmark: the data has no landmarks.csv");
    }
    std::vector<Regions> regions;
    for (const Landmarks& landmarks : set.landmarks) {
        regions.push_back(regions_around(landmarks, set.side, boxes));
    }
    return regions;
}

Result<void> leave_state(NativeUnit& unit, const std::string& folder, const JobState& state) {
    const auto path = unit.artifact(folder + "/state.json");
    if (!path) return tl::unexpected(path.error());
    PosixDisk disk;
    return save_job_state(disk, std::filesystem::path(*path).parent_path().string(), state);
}

}  // namespace xorch::pix2pix
