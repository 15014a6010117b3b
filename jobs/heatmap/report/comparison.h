#pragma once

// Results of several ways to make boxes side by side: against a baseline, against the control that
// looks at nothing, and against each other, where two that should differ do not. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/value.h"

namespace xorch::heatmap {

struct BoxResult {
    std::string label;
    Object content;        // of a boxes.json
    Object settings;       // by which two results can differ
    double recall = 0;     // mAP_005
    double precision = 0;  // mAP_050
    bool is_control = false;
};

Result<BoxResult> parse_box_result(const std::string& json);

// The names of the settings in which two results differ.
std::vector<std::string> differences(const BoxResult& left, const BoxResult& right);

struct Comparison {
    Array rows;                // each with its changes from the baseline, and what it differs in
    Array same;                // pairs that differ in one setting and in no box
    std::string recall_first;  // labels of the best, the control left out
    std::string precision_first;
    std::vector<std::string_view> checks;
};

// Of at least one result that is no control.
Result<Comparison> compare(const std::vector<BoxResult>& results, const BoxResult& baseline);

}  // namespace xorch::heatmap
