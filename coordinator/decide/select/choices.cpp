#include "coordinator/decide/select/choices.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "coordinator/decide/select/rows.h"
#include "core/condition.h"
#include "core/json.h"

namespace xorch {

namespace {

Object without(const Object& params, const std::vector<std::string>& names) {
    Object rest;
    for (const Member& member : params) {
        if (std::find(names.begin(), names.end(), member.first) == names.end()) {
            rest.push_back(member);
        }
    }
    return rest;
}

}  // namespace

std::optional<Score> Choice::score(const std::string& metric) const {
    std::vector<double> values;
    for (const Candidate* repeat : done) {
        const auto value = comparable_number(repeat->metrics, metric);
        if (!value) return std::nullopt;
        values.push_back(*value);
    }
    if (values.empty()) return std::nullopt;
    Score score{.n = values.size()};
    const auto n = static_cast<double>(values.size());
    for (const double value : values)
        score.mean += value / n;
    // Infinities of both signs: that is no number either.
    if (std::isnan(score.mean)) return std::nullopt;
    if (values.size() < 2 || std::isinf(score.mean)) return score;
    double squares = 0.0;
    for (const double value : values)
        squares += (value - score.mean) * (value - score.mean);
    score.standard_error = std::sqrt(squares / (n - 1) / n);
    return score;
}

std::vector<Choice> make_choices(
    const std::vector<Candidate>& candidates, const std::vector<std::string>& repeats
) {
    std::vector<const Candidate*> in_order;
    for (const Candidate& candidate : candidates)
        in_order.push_back(&candidate);
    std::sort(in_order.begin(), in_order.end(), [](const Candidate* a, const Candidate* b) {
        return a->unit < b->unit;
    });
    std::vector<Choice> choices;
    std::map<std::string, std::size_t> places;
    for (const Candidate* candidate : in_order) {
        std::size_t place = choices.size();
        Object params = without(candidate->params, repeats);
        if (!repeats.empty()) {
            place = places.emplace(format_canonical_json(Value(params)), place).first->second;
        }
        if (place == choices.size()) choices.push_back({candidate->unit, std::move(params)});
        Choice& choice = choices[place];
        if (candidate->is_hopeless) {
            choice.is_hopeless = true;
        } else if (!candidate->is_done) {
            choice.missing.push_back(candidate->unit);
        } else {
            if (choice.done.empty()) choice.unit = candidate->unit;
            choice.done.push_back(candidate);
        }
    }
    return choices;
}

bool meets(const Choice& choice, const Condition& condition) {
    if (!condition.param.empty()) {
        return satisfies(condition, find_member(choice.params, condition.param));
    }
    const bool has_bounds = condition.at_least.has_value() || condition.at_most.has_value();
    Condition each = condition;
    each.at_least.reset();
    each.at_most.reset();
    const bool all_meet =
        std::all_of(choice.done.begin(), choice.done.end(), [&](const Candidate* repeat) {
            return satisfies(each, find_member(repeat->metrics, condition.metric));
        });
    if (choice.done.empty() || !all_meet) return false;
    if (!has_bounds) return true;
    const auto score = choice.score(condition.metric);
    if (!score) return false;
    const Value mean(score->mean);
    Condition bounds{.metric = condition.metric};
    bounds.at_least = condition.at_least;
    bounds.at_most = condition.at_most;
    return satisfies(bounds, &mean);
}

}  // namespace xorch
