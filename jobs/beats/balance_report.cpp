#include "jobs/beats/balance_report.h"

#include <fmt/core.h>

#include "jobs/beats/balance/collapse.h"
#include "jobs/beats/checks.h"
#include "jobs/beats/report/score_columns.h"

namespace xorch::beats {

namespace {

bool has_target(const TrainingSetup& setup) {
    return setup.sampler && setup.sampler->target_mix;
}

}  // namespace

std::string describe_balance(const TrainingSetup& setup, const Balance& balance) {
    std::string text;
    const auto add = [&](const char* what, const PerClass& values, const char* more = "") {
        text += fmt::format("{}: {}{}\n", what, describe(values), more);
    };
    add("class weights, raw", balance.weights.raw);
    add("class weights, clamped", balance.weights.clamped);
    add("CE weights", balance.ce_weights);
    if (setup.sampler) add("sampler weights", balance.plan.weights);
    if (has_target(setup)) {
        add("target mix",
            *setup.sampler->target_mix,
            balance.is_capped ? " (kept from it by sampler_max_ratio)" : "");
    }
    add("Expected batch mix", balance.plan.mix);
    add("gradient shares", balance.gradient.share);
    text += fmt::format(
        "favoured: {}{}\n",
        balance.gradient.favoured,
        balance.gradient.is_lopsided ? "; warning: a collapse to them is likely" : ""
    );
    return text;
}

void add_balance_event(Object& to, const TrainingSetup& setup, const Balance& balance) {
    set_member(to, "class_counts", to_value(balance.counts));
    set_member(to, "class_weights_raw", to_value(balance.weights.raw));
    set_member(to, "class_weights", to_value(balance.weights.clamped));
    set_member(to, "ce_weights", to_value(balance.ce_weights));
    set_member(to, "sampler_weights", setup.sampler ? to_value(balance.plan.weights) : Value());
    set_member(to, "sampler_mix", setup.sampler ? to_value(balance.plan.mix) : Value());
    set_member(
        to, "target_mix", has_target(setup) ? to_value(*setup.sampler->target_mix) : Value()
    );
    set_member(to, "gradient_shares", to_value(balance.gradient.share));
    set_member(to, "gradient_ratio", balance.gradient.greatest_ratio);
    set_member(to, "favoured", balance.gradient.favoured);
}

void add_balance_columns(Object& to, const Balance& balance) {
    set_member(to, "ce_weights", describe(balance.ce_weights));
    set_member(to, "batch_mix", describe(balance.plan.mix));
    set_member(to, "gradient_shares", describe(balance.gradient.share));
    set_member(to, "gradient_ratio", balance.gradient.greatest_ratio);
    set_member(to, "favoured", balance.gradient.favoured);
}

std::vector<std::string_view> checks_of(const Balance& balance, const Confusion& validation) {
    std::vector<std::string_view> names;
    if (balance.gradient.is_lopsided) names.push_back(check_gradient_lopsided);
    if (balance.is_capped) names.push_back(check_mix_capped);
    if (!collapse_of(validation).empty()) names.push_back(check_collapse);
    return names;
}

}  // namespace xorch::beats
