#include "jobs/cellseg/unit_images.h"

#include <fmt/core.h>

#include <utility>

#include "jobs/unit_artifacts.h"

namespace xorch::cellseg {

Result<std::string> data_folder(const NativeUnit& unit) {
    if (const std::string& data = unit.params().text("data"); !data.empty()) return data;
    auto left = find_left(unit, "cells");
    if (!left) return tl::unexpected(left.error());
    if (*left) return std::move(**left);
    return fail(
        ErrorCode::invalid_input,
        "no images: neither the parameter data nor an input with cells/ is there"
    );
}

Result<std::optional<ModelPlace>> find_model(const NativeUnit& unit) {
    if (const std::string& model = unit.params().text("model"); !model.empty()) {
        return ModelPlace{model, model.substr(model.rfind('/') + 1)};
    }
    auto left = find_left(unit, model_folder);
    if (!left) return tl::unexpected(left.error());
    if (!*left) return std::optional<ModelPlace>();
    return ModelPlace{std::move(**left), model_folder};
}

Result<ModelPlace> require_model(const NativeUnit& unit) {
    auto model = find_model(unit);
    if (!model) return tl::unexpected(model.error());
    if (*model) return std::move(**model);
    return fail(
        ErrorCode::invalid_input,
        "no model: neither the parameter model nor an input with model/ is there"
    );
}

Result<std::vector<CellImage>> load_eval_images(const NativeUnit& unit) {
    const auto folder = data_folder(unit);
    if (!folder) return tl::unexpected(folder.error());
    const auto files = list_cells(*folder);
    if (!files) return tl::unexpected(files.error());
    const auto chosen = files_of_split(*files, unit.params().text("eval_split"), *folder);
    if (!chosen) return tl::unexpected(chosen.error());
    return load_cell_images(*chosen, image_settings(unit.params()));
}

ImageSettings image_settings(const Parameters& params) {
    return {
        .grey = params.text("colour") == "grey",
        .invert_bright = params.text("ground") == "auto",
        .allow_empty = params.flag("allow_empty")};
}

MaskSettings mask_settings(const Parameters& params) {
    MaskSettings settings;
    settings.cellprob_threshold = params.number("cellprob_threshold");
    settings.flow_threshold = params.number("flow_threshold");
    if (*settings.flow_threshold == 0.0) settings.flow_threshold.reset();
    settings.steps = static_cast<int>(params.integer("niter"));
    settings.min_size = static_cast<int>(params.integer("min_size"));
    return settings;
}

Result<void> check_multiple(const Parameters& params, const std::string& name, int of) {
    const std::int64_t value = params.integer(name);
    if (value % of == 0) return {};
    return fail(
        ErrorCode::invalid_input, fmt::format("{} = {} is no multiple of {}", name, value, of)
    );
}

}  // namespace xorch::cellseg
