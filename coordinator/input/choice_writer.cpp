// A choice as a sweep file: the chosen units alone, with the units of other stages that they need.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "coordinator/input/document.h"
#include "coordinator/input/freeze.h"
#include "core/plan.h"

namespace xorch {

namespace {

// By stage, in the order of the plan.
using Units = std::map<std::uint32_t, std::set<std::uint32_t>>;

void collect(const Plan& plan, UnitKey unit, Units& units) {
    if (!units[unit.stage.value].insert(unit.index).second) return;
    for (const InputGroup& group : plan.inputs(unit)) {
        for (const std::uint32_t index : group.indices)
            collect(plan, {group.stage, index}, units);
    }
}

std::vector<Value> different(const std::vector<Value>& values) {
    std::vector<Value> result;
    for (const Value& value : values) {
        if (std::find(result.begin(), result.end(), value) == result.end()) result.push_back(value);
    }
    return result;
}

// Whether the product of these axes, the first one slowest, gives the rows in their order.
bool are_product(const std::vector<Axis>& axes, std::size_t rows) {
    std::size_t block = rows;
    for (const Axis& axis : axes) {
        const std::vector<Value> values = different(axis.values);
        if (block % values.size() != 0) return false;
        const std::size_t repeats = block / values.size();
        for (std::size_t row = 0; row < rows; ++row) {
            if (axis.values[row] != values[row / repeats % values.size()]) return false;
        }
        block = repeats;
    }
    return block == 1;
}

// Gives the stage axes and parameters that make the points and no others, in their order.
Result<void> narrow(
    Stage& stage, const std::vector<std::string>& axis_names, const std::vector<Object>& points
) {
    std::vector<Axis> fixed;
    std::vector<Axis> varying;
    stage.params.clear();
    for (const auto& [name, first] : points.front()) {
        Axis axis{.name = name};
        for (const Object& point : points) {
            const Value* value = find_member(point, name);
            if (value != nullptr && point.size() == points.front().size()) {
                axis.values.push_back(*value);
                continue;
            }
            return fail(
                ErrorCode::usage,
                fmt::format(
                    "parameter {} of stage {} is there for some of the chosen units only; write "
                    "their sweep file by hand",
                    name,
                    stage.name
                )
            );
        }
        if (different(axis.values).size() > 1) {
            varying.push_back(std::move(axis));
        } else if (std::find(axis_names.begin(), axis_names.end(), name) != axis_names.end()) {
            axis.values.resize(1);
            fixed.push_back(std::move(axis));
        } else {
            stage.params.emplace_back(name, first);
        }
    }
    stage.zip.clear();
    if (are_product(varying, points.size())) {
        for (Axis& axis : varying)
            axis.values = different(axis.values);
    } else {
        for (const Axis& axis : varying) {
            if (stage.zip.empty()) stage.zip.emplace_back();
            stage.zip.front().push_back(axis.name);
        }
    }
    stage.axes = std::move(fixed);
    stage.axes.insert(stage.axes.end(), varying.begin(), varying.end());
    stage.exclude.clear();
    stage.promote.clear();
    return {};
}

void spell_paths(const Sweep& sweep, Stage& stage) {
    const auto spell = [&](const std::string& name, Value& value) {
        const auto is_path = [&](const Stage& each) {
            const auto paths = each.path_hashes.find(name);
            const auto* text = value.get_if<std::string>();
            return paths != each.path_hashes.end() && text != nullptr &&
                   paths->second.contains(*text);
        };
        if (std::none_of(sweep.stages.begin(), sweep.stages.end(), is_path)) return;
        value = Value(Object{
            {"path", std::move(value)}
        });
    };
    for (auto& [name, value] : stage.params)
        spell(name, value);
    for (Axis& axis : stage.axes) {
        for (Value& value : axis.values)
            spell(axis.name, value);
    }
}

}  // namespace

Result<std::string> format_choice(
    const Plan& plan, const Select& select, const std::vector<UnitKey>& chosen
) {
    Sweep alone = plan.sweep();
    alone.stages.clear();
    Units units;
    for (const UnitKey unit : chosen)
        collect(plan, unit, units);
    for (const auto& [index, members] : units) {
        const StageIndex at{index};
        std::vector<Object> points;
        for (const std::uint32_t member : members)
            points.push_back(plan.parameters({at, member}));
        Stage stage = plan.stage(at);
        if (auto narrowed = narrow(stage, plan.axis_names(at), points); !narrowed) {
            return tl::unexpected(narrowed.error());
        }
        spell_paths(plan.sweep(), stage);
        alone.stages.push_back(std::move(stage));
    }
    alone.selects.clear();
    alone.gates.clear();
    std::erase_if(alone.stops, [&](const StopRule& rule) {
        return !rule.stage.empty() && !find_stage(alone, rule.stage);
    });
    alone.summary = {.stage = select.from};
    alone.name = alone.name.substr(0, 59) + "-best";
    std::string text = fmt::format(
        "# What selection {} of sweep {} chose. Keep this file in {}: units work where it is.\n",
        select.name,
        format_toml_string(plan.sweep().name),
        format_toml_string(alone.directory)
    );
    // Texts are quoted, so a line is a key; what freezing filled in is not for sweep files.
    const std::string frozen = format_sweep(alone);
    for (std::string_view rest = frozen; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n') + 1);
        rest.remove_prefix(line.size());
        if (!line.starts_with("frozen.") && !line.starts_with("directory = ")) text += line;
    }
    return text;
}

}  // namespace xorch
