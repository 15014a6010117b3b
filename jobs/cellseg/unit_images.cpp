#include "jobs/cellseg/unit_images.h"

#include <fmt/core.h>

namespace xorch::cellseg {

Result<std::string> data_folder(const NativeUnit& unit) {
    if (const std::string& data = unit.params().text("data"); !data.empty()) return data;
    const auto input = unit.input("prepare");
    if (!input) {
        return fail(
            ErrorCode::invalid_input,
            "no images: neither the parameter data nor an input of stage \"prepare\" is there"
        );
    }
    return (*input)->directory + "/cells";
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
