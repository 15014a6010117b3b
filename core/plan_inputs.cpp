// Joins a stage with those it needs: every unit gets a code made of its values on the shared axes,
// and equal codes meet (plan_join.h).

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/json.h"
#include "core/plan_expansion.h"

namespace xorch {

namespace {

// Numbers the values of one shared axis, alike for both stages. 0 = the axis does not exist there.
class ValueClasses {
 public:
    std::uint32_t of(const Value& value) {
        const auto next = static_cast<std::uint32_t>(numbers_.size() + 1);
        return numbers_.emplace(format_canonical_json(value), next).first->second;
    }

    std::uint64_t count() const { return numbers_.size() + 1; }

 private:
    std::unordered_map<std::string, std::uint32_t> numbers_;
};

// The classes of one axis of one stage: by position of an axis of its own, or by promoted unit.
struct AxisClasses {
    std::uint32_t axis = absent;  // of the stage's own
    std::vector<std::uint32_t> numbers;
};

AxisClasses classify(
    const Stage& stage,
    const ExpandedStage& expanded,
    const std::string& name,
    ValueClasses& classes
) {
    AxisClasses result;
    for (std::uint32_t a = 0; a < stage.axes.size(); ++a) {
        if (stage.axes[a].name != name) continue;
        result.axis = a;
        for (const Value& value : stage.axes[a].values)
            result.numbers.push_back(classes.of(identity_value(stage, name, value)));
        return result;
    }
    for (const Inherited& inherited : expanded.inherited) {
        const bool exists = find_member(inherited.axes, name) != nullptr;
        result.numbers.push_back(exists ? classes.of(*find_member(inherited.identity, name)) : 0);
    }
    return result;
}

bool equal_plain_axes(const Stage& a, const Stage& b, const std::string& name) {
    if (a.path_hashes.contains(name) || b.path_hashes.contains(name)) return false;
    const auto find = [&](const Stage& stage) {
        return std::find_if(stage.axes.begin(), stage.axes.end(), [&](const Axis& axis) {
            return axis.name == name;
        });
    };
    const auto left = find(a);
    const auto right = find(b);
    return left != a.axes.end() && right != b.axes.end() && left->values == right->values;
}

AxisClasses number_positions(const Stage& stage, const std::string& name) {
    AxisClasses result;
    for (std::uint32_t a = 0; a < stage.axes.size(); ++a) {
        if (stage.axes[a].name != name) continue;
        result.axis = a;
        for (std::uint32_t i = 0; i < stage.axes[a].values.size(); ++i)
            result.numbers.push_back(i + 1);
    }
    return result;
}

// One code per unit, mixed-radix over the shared axes.
std::vector<std::uint64_t> make_codes(
    const ExpandedStage& stage,
    const std::vector<AxisClasses>& axes,
    const std::vector<std::uint64_t>& radix
) {
    std::vector<std::uint64_t> codes(stage.count, 0);
    if (axes.empty()) return codes;
    Point point;
    std::uint32_t begin = 0;
    for (std::uint32_t p = 0; p < stage.inherited.size(); ++p) {
        const auto end = stage.listed ? stage.first[p + 1]
                                      : begin + static_cast<std::uint32_t>(stage.space.size());
        for (std::uint32_t i = begin; i < end; ++i) {
            const std::uint64_t rank = stage.listed ? stage.ranks[i] : i - begin;
            stage.space.decode(rank, stage.inherited[p].params, point);
            for (std::size_t a = 0; a < axes.size(); ++a) {
                const std::uint32_t position = axes[a].axis == absent ? p : point[axes[a].axis];
                const std::uint32_t number = position == absent ? 0 : axes[a].numbers[position];
                codes[i] = codes[i] * radix[a] + number;
            }
        }
        begin = end;
    }
    return codes;
}

}  // namespace

Result<std::vector<Join>> Plan::Expansion::make_joins(std::uint32_t stage) const {
    const ExpandedStage& down = stages[stage];
    std::vector<Join> joins;
    for (const std::uint32_t need : down.needs) {
        const ExpandedStage& up = stages[need];
        std::vector<AxisClasses> down_axes;
        std::vector<AxisClasses> up_axes;
        std::vector<std::uint64_t> radix;
        std::uint64_t product = 1;
        for (const std::string& name : down.axis_names) {
            const auto& others = up.axis_names;
            if (std::find(others.begin(), others.end(), name) == others.end()) continue;
            const Stage& own = sweep.stages[stage];
            const Stage& other = sweep.stages[need];
            ValueClasses classes;
            if (equal_plain_axes(own, other, name)) {
                down_axes.push_back(number_positions(own, name));
                up_axes.push_back(number_positions(other, name));
                radix.push_back(down_axes.back().numbers.size() + 1);
            } else {
                down_axes.push_back(classify(own, down, name, classes));
                up_axes.push_back(classify(other, up, name, classes));
                radix.push_back(classes.count());
            }
            if (__builtin_mul_overflow(product, radix.back(), &product)) {
                return fail(
                    ErrorCode::invalid_input,
                    fmt::format(
                        "stage \"{}\": too many combinations of axes shared with \"{}\"",
                        own.name,
                        other.name
                    )
                );
            }
        }
        joins.push_back(
            make_join(need, make_codes(down, down_axes, radix), make_codes(up, up_axes, radix))
        );
    }
    return joins;
}

Result<void> Plan::Expansion::join_inputs(std::uint32_t stage) {
    ExpandedStage& expanded = stages[stage];
    for (;;) {
        auto joins = make_joins(stage);
        if (!joins) return tl::unexpected(joins.error());
        std::vector<bool> lonely(expanded.count, false);
        bool any = false;
        for (const Join& join : *joins) {
            for (std::uint32_t group = 0; group < join.members.count(); ++group) {
                if (!join.members.row(group).empty()) continue;
                const std::uint32_t unit = join.units.row(group).front();
                if (!stages[join.upstream].dynamic) {
                    return fail(
                        ErrorCode::invalid_input,
                        fmt::format(
                            "stage \"{}\": the unit {} has no input, because no unit of stage "
                            "\"{}\" agrees with it on the axes they share",
                            sweep.stages[stage].name,
                            format_json(Value(parameters({StageIndex{stage}, unit}))),
                            sweep.stages[join.upstream].name
                        )
                    );
                }
                any = true;
                for (const std::uint32_t i : join.units.row(group))
                    lonely[i] = true;
            }
        }
        if (!any) {
            expanded.joins = std::move(*joins);
            return {};
        }
        // What a selection did not choose has no dependants either.
        drop(stage, lonely);
    }
}

}  // namespace xorch
