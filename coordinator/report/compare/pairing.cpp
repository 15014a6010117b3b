#include "coordinator/report/compare/pairing.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/json.h"

namespace xorch {

namespace {

bool all_done(const std::vector<const ComparedUnit*>& units) {
    return std::all_of(units.begin(), units.end(), [](const ComparedUnit* unit) {
        return unit->is_done;
    });
}

}  // namespace

bool UnitPair::is_done() const {
    return all_done(a) && all_done(b);
}

std::vector<std::string> shared_axes(const ComparedSide& a, const ComparedSide& b) {
    std::vector<std::string> shared;
    for (const std::string& axis : a.axes) {
        if (std::find(b.axes.begin(), b.axes.end(), axis) != b.axes.end()) shared.push_back(axis);
    }
    return shared;
}

std::vector<UnitPair> pair_units(
    const ComparedSide& a, const ComparedSide& b, const std::vector<std::string>& axes
) {
    std::vector<UnitPair> pairs;
    std::map<std::string, std::size_t> places;
    const auto pair_of = [&](const ComparedUnit& unit) -> UnitPair& {
        Object point;
        for (const std::string& axis : axes) {
            if (const Value* value = find_member(unit.params, axis)) {
                point.emplace_back(axis, *value);
            }
        }
        const auto [place, is_new] =
            places.emplace(format_canonical_json(Value(point)), pairs.size());
        if (is_new) pairs.push_back({.point = std::move(point)});
        return pairs[place->second];
    };
    for (const ComparedUnit& unit : a.units)
        pair_of(unit).a.push_back(&unit);
    for (const ComparedUnit& unit : b.units)
        pair_of(unit).b.push_back(&unit);
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
