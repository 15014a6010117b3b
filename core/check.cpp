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

// In the order of the experiments that they come from.
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
    told_rule(
        "EPOCH_SEED", "every seed draws the same samples, so seeds differ less than they say"
    ),
    told_rule(
        "ONE_IMAGE_PER_DONOR",
        "every donor has one image: a split by donor cannot be told from one by image"
    ),
    reported_rule(
        "PHOTOS_IGNORED", "answers to other inputs are hardly worse: the input is ignored"
    ),
    reported_rule("COPIED", "answers are nearer to a target of training than to their own"),
    told_rule(
        "TRANSDUCTIVE", "inputs of validation items, without their targets, chose hard items"
    ),
    told_rule("DONORS_BY_NAME", "donors were taken from the names of files: no table said them"),
    present_rule(
        "AVERAGE_UNNAMED",
        "ap50_pooled",
        "a mean over images is given without the one over instances"
    ),
    equal_rule("SEED_NOOP", "seed", "score_hash", "another seed gave the same result"),
    told_rule(
        "NO_BACKGROUND",
        "a mask has no background: who counts its different values less one is wrong"
    ),
    reported_rule("UNMATCHED_FILES", "files of the data set matched no pattern and were left out"),
    reported_rule("MARKER_VANISHED", "a marker of the cohort has not a single tile"),
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
    reported_rule(
        "NON_BEAT_AS_OTHER", "annotations that are no heart beats were taken for beats of class O"
    ),
    told_rule("MOSTLY_PACED", "a pacemaker makes most beats of the recording, which are easy"),
    told_rule("LEAD_SUBSTITUTED", "the lead asked for is not the one that was read"),
    told_rule("LEAD_MISSING", "the recording lacks the lead asked for and was left out"),
    told_rule("RECORD_UNUSED", "the recording is in no part of the split"),
    reported_rule("PATIENT_ON_BOTH_SIDES", "recordings of one patient are on both sides"),
    range_rule(
        "PROBABILITIES_OPEN",
        "prob_sum",
        {.least = 1 - sum_tolerance, .most = 1 + sum_tolerance},
        "class probabilities do not add up to one"
    ),
    present_rule(
        "WEIGHT_NORM_UNNAMED", "weight_norm", "class weights are given without their normalisation"
    ),
    told_rule(
        "MIX_CAPPED", "a limit on weights keeps the sampler from the mix that it is to reach"
    ),
    reported_rule(
        "GRADIENT_LOPSIDED", "some classes pull so hard that a collapse to them is likely"
    ),
    reported_rule("COLLAPSE", "the model never predicts some of the classes"),
    reported_rule(
        "LOG_ENDS_FIRST", "the training ended before the epoch that this choice would wait for"
    ),
    reported_rule("ZERO_BASELINE", "a relative change was taken of a baseline of zero"),
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
    if (check.column == checks_column) return reported;
    if (const CheckRule* rule = find_check_rule(check.name)) return rule->kind;
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
    constexpr std::string_view separators = " ,";
    std::vector<std::string> names;
    for (std::size_t at = 0; (at = cell.find_first_not_of(separators, at)) != cell.npos;) {
        const std::size_t end = std::min(cell.find_first_of(separators, at), cell.size());
        names.emplace_back(cell.substr(at, end - at));
        at = end;
    }
    return names;
}

Value reported_checks_cell(const std::vector<std::string_view>& names) {
    std::string cell;
    for (const std::string_view name : names) {
        if (!cell.empty()) cell += ' ';
        cell += name;
    }
    return Value(std::move(cell));
}

}  // namespace xorch
