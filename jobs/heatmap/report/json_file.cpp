#include "jobs/heatmap/report/json_file.h"

#include "core/json.h"
#include "core/statistics/relative_change.h"
#include "jobs/unit_artifacts.h"

namespace xorch::heatmap {

Result<void> write_json(NativeUnit& unit, const std::string& name, const Object& content) {
    return leave_text(unit, name, format_json_pretty(content) + "\n");
}

Array open_points() {
    return {
        "boxes and truths are compared in the 224 x 224 pixels that the encoder sees",
        "an image that is not square is squeezed into one",
        "a box is scored by the mean of the unscaled map inside of it",
        "every true box of a class counts, not one per image",
        "texts that come from training images: contrast of class means plus text_share",
        "sizes of gaps are comparable in ordering only, not in value",
    };
}

void add_change(Object& row, const std::string& name, double value, double baseline) {
    const auto change = relative_change(value, baseline);
    set_member(row, name, change ? Value(*change) : Value());
    set_member(row, name + "_baseline_zero", !change.has_value());
}

}  // namespace xorch::heatmap
