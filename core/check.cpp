#include "core/check.h"

#include <algorithm>
#include <array>

namespace xorch {

namespace {

using enum CheckKind;

constexpr CheckRule reported_rule(std::string_view name, std::string_view doc) {
    return {.name = name, .doc = doc};
}

constexpr CheckRule told_rule(std::string_view name, std::string_view doc) {
    return {.name = name, .doc = doc, .only_told = true};
}

constexpr CheckRule equal_rule(
    std::string_view name, std::string_view axis, std::string_view column, std::string_view doc
) {
    return {.name = name, .kind = equal, .axis = axis, .column = column, .doc = doc};
}

constexpr CheckRule present_rule(
    std::string_view name, std::string_view column, std::string_view doc
) {
    return {.name = name, .kind = present, .column = column, .doc = doc};
}

struct Bounds {
    std::optional<double> least;
    std::optional<double> most;
};

constexpr CheckRule range_rule(
    std::string_view name, std::string_view column, Bounds bounds, std::string_view doc
) {
    CheckRule rule{.name = name, .kind = range, .column = column, .doc = doc};
    rule.at_least = bounds.least;
    rule.at_most = bounds.most;
    return rule;
}

constexpr CheckRule empty_rule(std::string_view name, std::string_view doc) {
    return {.name = name, .kind = group_empty, .doc = doc};
}

// Probabilities in single precision add up to one within this.
constexpr double sum_tolerance = 1e-4;

constexpr std::array rules{
    reported_rule(
        "SAMPLER_NOOP",
        "a weighted sampler changed nothing: none of its items is in the training set"
    ),
    reported_rule("LEAKAGE", "something of the validation or test set was used for training"),
    reported_rule(
        "GOAL_SWITCHED_OFF", "what the experiment is about was switched off in this configuration"
    ),
    reported_rule("RESUME_DIFFERS", "a resumed run drew other samples than an undisturbed one"),
    equal_rule(
        "CLAMPED_DUPLICATE",
        "budget",
        "budget_effective",
        "two values of an axis were cut to the same effective one, so their difference is noise"
    ),
    reported_rule("LR_NEVER_REACHED", "the run ended before its learning rate was reached"),
    reported_rule("DONOR_SHARED", "one donor is in two splits"),
    present_rule(
        "AVERAGE_UNNAMED",
        "ap50_pooled",
        "a mean over images is given without the one over instances"
    ),
    equal_rule("SEED_NOOP", "seed", "score_hash", "another seed gave the same result"),
    reported_rule(
        "BACKGROUND_MISSING", "an image without background was counted with one object too few"
    ),
    range_rule(
        "FILES_UNMATCHED",
        "files_unmatched",
        {.least = {}, .most = 0},
        "files of the data set matched no pattern and were left out"
    ),
    empty_rule("GROUP_EMPTY", "a group has no result at all"),
    reported_rule("SHAPE_MISMATCH", "maps of different shape were compared"),
    equal_rule(
        "EQUAL_SCORE_HASH",
        "mode",
        "score_hash",
        "two modes gave the same scores: one of them is not what its name says"
    ),
    present_rule("GAP_UNDEFINED", "gain_over_best", "a gap is given without saying against what"),
    range_rule(
        "BRANCH_IDLE",
        "frac_semantic_selected",
        {.least = 0.01, .most = 0.99},
        "of two branches only one ever decides: their scores are on different scales"
    ),
    reported_rule("TEST_SELECTED", "the best epoch was chosen on the test set"),
    equal_rule("ABLATION_NOOP", "", "feature_hash", "an ablation changed nothing"),
    reported_rule("POOLED_MATCHING", "boxes of one image were matched with those of another"),
    reported_rule(
        "CONTROL_WINS",
        "a control that looks at nothing, such as a box around the whole image, wins"
    ),
    reported_rule(
        "CONFOUNDED", "more than one thing differs between the versions that are compared"
    ),
    told_rule("NON_BEAT_DROPPED", "annotations that are no heart beats were left out"),
    reported_rule("LEAD_MISMATCH", "the lead asked for is not the one that was read"),
    range_rule(
        "PROBABILITIES_OPEN",
        "prob_sum",
        {.least = 1 - sum_tolerance, .most = 1 + sum_tolerance},
        "class probabilities do not add up to one"
    ),
    present_rule(
        "WEIGHT_NORM_UNNAMED", "weight_norm", "class weights are given without their normalisation"
    ),
    reported_rule("ZERO_BASELINE", "a relative change was taken of a baseline of zero"),
    reported_rule("COLLAPSE", "the model never predicts some of the classes"),
};

bool has_bounds(const Check& check) {
    return check.at_least || check.at_most;
}

}  // namespace

std::span<const CheckRule> check_rules() {
    return rules;
}

const CheckRule* find_check_rule(std::string_view name) {
    const auto found = std::find_if(rules.begin(), rules.end(), [&](const CheckRule& rule) {
        return rule.name == name;
    });
    return found == rules.end() ? nullptr : &*found;
}

Check complete_check(const Check& check) {
    const CheckRule* rule = find_check_rule(check.name);
    Check complete = check;
    if (rule == nullptr) return complete;
    if (complete.axis.empty()) complete.axis = rule->axis;
    if (complete.column.empty()) complete.column = rule->column;
    if (has_bounds(check)) return complete;
    complete.at_least = rule->at_least;
    complete.at_most = rule->at_most;
    return complete;
}

CheckKind kind_of(const Check& check) {
    if (has_bounds(check)) return range;
    if (const CheckRule* rule = find_check_rule(check.name)) return rule->kind;
    if (check.column == checks_column) return reported;
    return check.axis.empty() ? present : equal;
}

std::string why_unusable(const Check& check) {
    const Check complete = complete_check(check);
    const CheckKind kind = kind_of(complete);
    const bool needs_column = kind == equal || kind == range || kind == present;
    if (needs_column && complete.column.empty()) return "needs column = \"name\"";
    if (kind == equal && complete.axis.empty()) {
        return "needs axis = \"name\": which axis must make a difference";
    }
    if (kind == range && complete.column == checks_column)
        return "the column \"checks\" has no range";
    return "";
}

std::vector<std::string> parse_reported_checks(std::string_view cell) {
    std::vector<std::string> names;
    while (!cell.empty()) {
        const std::size_t comma = cell.find(',');
        std::string_view name = cell.substr(0, comma);
        cell.remove_prefix(comma == std::string_view::npos ? cell.size() : comma + 1);
        while (!name.empty() && name.front() == ' ')
            name.remove_prefix(1);
        while (!name.empty() && name.back() == ' ')
            name.remove_suffix(1);
        if (!name.empty()) names.emplace_back(name);
    }
    return names;
}

}  // namespace xorch
