#include "coordinator/report/compare/pairing.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/json.h"

namespace xorch {

namespace {

// 1 and 1.0 are one value, and so are two places with equal contents.
Value as_matched(const ComparedSide& side, const Value& value) {
    if (const auto number = value.as_number()) return Value(*number);
    const auto* text = value.get_if<std::string>();
    const auto contents = text == nullptr ? side.contents.end() : side.contents.find(*text);
    return contents == side.contents.end() ? value : Value(contents->second);
}

std::set<std::string> values_of(const ComparedSide& side, const std::string& name) {
    std::set<std::string> values;
    for (const ComparedUnit& unit : side.units) {
        const Value* value = find_member(unit.params, name);
        if (value != nullptr) values.insert(format_canonical_json(as_matched(side, *value)));
    }
    return values;
}

bool share_a_value(const ComparedSide& a, const ComparedSide& b, const std::string& name) {
    const std::set<std::string> in_a = values_of(a, name);
    const std::set<std::string> in_b = values_of(b, name);
    return std::any_of(in_a.begin(), in_a.end(), [&](const std::string& value) {
        return in_b.contains(value);
    });
}

bool all_done(const std::vector<const ComparedUnit*>& units) {
    return std::all_of(units.begin(), units.end(), [](const ComparedUnit* unit) {
        return unit->is_done;
    });
}

}  // namespace

bool UnitPair::is_done() const {
    return all_done(a) && all_done(b);
}

Matching match_axes(const ComparedSide& a, const ComparedSide& b) {
    Matching matching;
    const auto has = [](const ComparedSide& side, const std::string& axis) {
        return std::find(side.axes.begin(), side.axes.end(), axis) != side.axes.end();
    };
    for (const std::string& axis : a.axes) {
        const bool counts = has(b, axis) || share_a_value(a, b, axis);
        (counts ? matching.by : matching.only_a).push_back(axis);
    }
    for (const std::string& axis : b.axes) {
        if (has(a, axis)) continue;
        (share_a_value(a, b, axis) ? matching.by : matching.only_b).push_back(axis);
    }
    return matching;
}

std::vector<UnitPair> pair_units(
    const ComparedSide& a, const ComparedSide& b, const std::vector<std::string>& axes
) {
    std::vector<UnitPair> pairs;
    std::map<std::string, std::size_t> places;
    const auto pair_of = [&](const ComparedSide& side, const ComparedUnit& unit) -> UnitPair& {
        Object point;
        Object key;
        for (const std::string& axis : axes) {
            const Value* value = find_member(unit.params, axis);
            if (value == nullptr) continue;
            point.emplace_back(axis, *value);
            key.emplace_back(axis, as_matched(side, *value));
        }
        const auto [place, is_new] =
            places.emplace(format_canonical_json(Value(std::move(key))), pairs.size());
        if (is_new) pairs.push_back({.point = std::move(point)});
        return pairs[place->second];
    };
    for (const ComparedUnit& unit : a.units)
        pair_of(a, unit).a.push_back(&unit);
    for (const ComparedUnit& unit : b.units)
        pair_of(b, unit).b.push_back(&unit);
    return pairs;
}

std::optional<double> mean_metric(
    const std::vector<const ComparedUnit*>& units, const std::string& metric
) {
    if (units.empty()) return std::nullopt;
    double sum = 0.0;
    for (const ComparedUnit* unit : units) {
        const Value* value = find_member(unit->metrics, metric);
        const auto number = value == nullptr ? std::nullopt : value->as_number();
        if (!number || !std::isfinite(*number)) return std::nullopt;
        sum += *number;
    }
    return sum / static_cast<double>(units.size());
}

std::vector<std::string> parse_ids(const Value& cell) {
    if (cell.is_null()) return {};
    std::vector<std::string> ids;
    std::string word;
    for (const char c : format_plain(cell) + ",") {
        const bool separates = std::string_view(" ,;[]\"'\t").find(c) != std::string_view::npos;
        if (!separates) {
            word += c;
        } else if (!word.empty()) {
            if (std::find(ids.begin(), ids.end(), word) == ids.end()) ids.push_back(word);
            word.clear();
        }
    }
    return ids;
}

}  // namespace xorch
