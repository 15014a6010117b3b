#include "coordinator/decide/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/condition.h"

namespace xorch {

namespace {

// Units named in one line of the explanation; more are counted.
constexpr std::size_t named_max = 8;

std::string name_units(const std::vector<UnitKey>& units) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min(units.size(), named_max); ++i)
        names.push_back(std::to_string(units[i].index));
    const std::string more =
        units.size() > named_max ? fmt::format(" and {} more", units.size() - named_max) : "";
    return fmt::format("{}{}", fmt::join(names, ", "), more);
}

// A number that can be compared; NaN and missing cannot.
std::optional<double> comparable(const Candidate& candidate, const std::string& metric) {
    const Value* value = find_member(candidate.metrics, metric);
    const auto number = value == nullptr ? std::nullopt : value->as_number();
    if (!number || std::isnan(*number)) return std::nullopt;
    return number;
}

using Pool = std::vector<const Candidate*>;

class Explanation {
 public:
    void say(std::string line) { lines_.push_back(std::move(line)); }

    std::string text() const { return fmt::format("{}", fmt::join(lines_, "\n")); }

 private:
    std::vector<std::string> lines_;
};

// Leaves in the pool what `keep` says and lists the rest.
template <class Keep>
void filter(Pool& pool, const std::string& rule, Explanation& explanation, Keep keep) {
    std::vector<UnitKey> dropped;
    Pool kept;
    for (const Candidate* candidate : pool) {
        if (keep(*candidate)) {
            kept.push_back(candidate);
        } else {
            dropped.push_back(candidate->unit);
        }
    }
    pool = std::move(kept);
    if (dropped.empty()) return;
    explanation.say(fmt::format("{}: not met by {}", rule, name_units(dropped)));
}

// One key: what is within its tolerance of the best goes on to the next key.
Pool best_by(const OrderKey& key, const Pool& pool) {
    const auto value = [&](const Candidate* each) { return *comparable(*each, key.metric); };
    const auto better = [&](const Candidate* a, const Candidate* b) {
        return key.minimise ? value(a) < value(b) : value(a) > value(b);
    };
    const double best = value(*std::min_element(pool.begin(), pool.end(), better));
    Pool close;
    for (const Candidate* each : pool) {
        // Equal first: the difference of two infinities is not a number.
        if (value(each) == best || std::abs(value(each) - best) <= key.tolerance) {
            close.push_back(each);
        }
    }
    return close;
}

const Candidate* best_of(const Select& select, const Pool& pool, Explanation& explanation) {
    Pool rest = pool;
    std::vector<std::string> steps;
    for (const OrderKey& key : select.order) {
        rest = best_by(key, rest);
        const double value = *comparable(*rest.front(), key.metric);
        steps.push_back(fmt::format(
            "{} {} = {}{}",
            key.minimise ? "smallest" : "largest",
            key.metric,
            format_double(value),
            rest.size() > 1 ? fmt::format(" ({} alike)", rest.size()) : ""
        ));
        if (rest.size() == 1) break;
    }
    if (rest.size() > 1) steps.emplace_back("first in plan order");
    explanation.say(
        fmt::format("unit {} is chosen: {}", rest.front()->unit.index, fmt::join(steps, ", then "))
    );
    return rest.front();
}

}  // namespace

Decision decide(const Select& select, const std::vector<Candidate>& candidates) {
    Explanation explanation;
    explanation.say(fmt::format("{} candidates of stage {}", candidates.size(), select.from));
    Pool pool;
    for (const Candidate& candidate : candidates)
        pool.push_back(&candidate);
    for (const Condition& condition : select.require) {
        const bool is_param = !condition.param.empty();
        filter(pool, format_condition(condition), explanation, [&](const Candidate& each) {
            const Object& values = is_param ? each.params : each.metrics;
            const std::string& name = is_param ? condition.param : condition.metric;
            return satisfies(condition, find_member(values, name));
        });
    }
    for (const OrderKey& key : select.order) {
        filter(pool, key.metric + " is a number", explanation, [&](const Candidate& each) {
            return comparable(each, key.metric).has_value();
        });
    }
    Decision decision;
    if (pool.size() < select.take || select.take == 0) {
        explanation.say(fmt::format(
            "refused: {} of {} needed units meet all conditions", pool.size(), select.take
        ));
        decision.explanation = explanation.text();
        return decision;
    }
    while (decision.chosen.size() < select.take) {
        const Candidate* best = best_of(select, pool, explanation);
        decision.chosen.push_back(best->unit);
        pool.erase(std::find(pool.begin(), pool.end(), best));
    }
    decision.explanation = explanation.text();
    return decision;
}

}  // namespace xorch
