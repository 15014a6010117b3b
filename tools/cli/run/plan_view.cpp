#include "tools/cli/run/plan_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "coordinator/report/text.h"
#include "core/command_line.h"

namespace xorch {

namespace {

std::string describe_axes(const Stage& stage) {
    std::vector<std::string> parts;
    for (const Axis& axis : stage.axes) {
        const char* sometimes = axis.when.empty() ? "" : "?";
        parts.push_back(fmt::format("{}{}({})", axis.name, sometimes, axis.values.size()));
    }
    return fmt::format("{}", fmt::join(parts, " x "));
}

std::string describe_origin(const Stage& stage) {
    std::vector<std::string> parts;
    if (!stage.promote.empty()) parts.push_back("promotes " + stage.promote);
    if (!stage.needs.empty())
        parts.push_back(fmt::format("needs {}", fmt::join(stage.needs, ", ")));
    return fmt::format("{}", fmt::join(parts, "; "));
}

std::string describe_parameters(const Object& parameters) {
    std::vector<std::string> parts;
    for (const auto& [name, value] : parameters) {
        parts.push_back(escape_for_terminal(fmt::format("{}={}", name, format_plain(value))));
    }
    return fmt::format("{}", fmt::join(parts, " "));
}

// A shell would read it back as the same argv; for people to copy, never for a shell of ours.
std::string quote(const std::string& argument) {
    const auto plain = [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') ||
               std::string_view("-_./=:,+@%").find(byte) != std::string_view::npos;
    };
    if (!argument.empty() && std::all_of(argument.begin(), argument.end(), plain)) return argument;
    std::string quoted = "'";
    for (const char byte : argument) {
        quoted += byte == '\'' ? std::string("'\\''") : std::string(1, byte);
    }
    return quoted + "'";
}

// What the first unit of a stage would execute.
Result<std::vector<std::string>> first_command(
    const Plan& plan, StageIndex index, const std::string& directory
) {
    const Stage& stage = plan.stage(index);
    const UnitKey unit{index, 0};
    const std::string folder = fmt::format("{}/units/<{}>", directory, stage.name);
    CommandContext context{
        .params = plan.parameters(unit),
        .code = fmt::format("{}/code/{}", directory, stage.name),
        .out = folder + "/out",
        .checkpoint = folder + "/checkpoint",
        .resume = "",
        .seed = plan.seed(unit),
    };
    for (const InputGroup& group : plan.inputs(unit)) {
        const std::string& need = plan.stage(group.stage).name;
        const InputFolder folder_of_need{need, fmt::format("{}/units/<{}>/out", directory, need)};
        context.inputs.insert(context.inputs.end(), group.indices.size(), folder_of_need);
    }
    return command_line(stage, context);
}

std::string format_command(const Plan& plan, StageIndex stage, const std::string& directory) {
    const auto command = first_command(plan, stage, directory);
    if (!command) return escape_for_terminal(command.error().message);
    std::vector<std::string> quoted;
    for (const std::string& argument : *command)
        quoted.push_back(quote(argument));
    return escape_for_terminal(fmt::format("{}", fmt::join(quoted, " ")));
}

std::string format_units(const Plan& plan, StageIndex index, const PlanViewOptions& options) {
    const Stage& stage = plan.stage(index);
    const std::uint32_t count = plan.unit_count(index);
    if (!plan.is_expanded(index)) return "";
    std::string text = fmt::format("\n{}: the first of {}\n", stage.name, count_of(count, "unit"));
    const std::uint32_t shown = std::min(count, options.units_shown);
    for (std::uint32_t i = 0; i < shown; ++i) {
        const UnitKey unit{index, i};
        text += fmt::format(
            "  {}/{}  {}  {}\n",
            stage.name,
            i,
            format_unit_id(plan.id(unit)).substr(0, 8),
            describe_parameters(plan.parameters(unit))
        );
    }
    if (count > 0 && stage.job == "command") {
        text += fmt::format("  runs: {}\n", format_command(plan, index, options.directory));
    }
    return text;
}

std::string format_reuse(const Reuse& reuse) {
    if (reuse.same_sweep)
        return fmt::format(
            "\nThis file is unchanged: `xorch submit` goes on with {}\n", reuse.from
        );
    if (reuse.from.empty()) return "\nNothing of it is finished already.\n";
    return fmt::format(
        "\n{} finished already in {}: taken over (--fresh runs them again)\n",
        count_of(reuse.units, "unit"),
        reuse.from
    );
}

}  // namespace

Result<void> check_commands(const Plan& plan) {
    for (std::uint32_t i = 0; i < plan.stage_count(); ++i) {
        const StageIndex stage{i};
        if (plan.stage(stage).job != "command" || !plan.is_expanded(stage)) continue;
        if (plan.unit_count(stage) == 0) continue;
        if (const auto command = first_command(plan, stage, ""); !command) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("stage \"{}\": {}", plan.stage(stage).name, command.error().message)
            );
        }
    }
    return {};
}

std::string format_plan(const Plan& plan, const Reuse& reuse, const PlanViewOptions& options) {
    const Sweep& sweep = plan.sweep();
    std::string text = fmt::format("sweep {}, seed {}\n\n", sweep.name, sweep.seed);
    TextTable table({Align::left, Align::left, Align::right, Align::left, Align::left});
    table.add({"stage", "job", "units", "axes", "from"});
    for (std::uint32_t i = 0; i < plan.stage_count(); ++i) {
        const StageIndex index{i};
        const Stage& stage = plan.stage(index);
        const bool known = plan.is_expanded(index);
        table.add(
            {stage.name,
             stage.job,
             known ? format_count(plan.unit_count(index)) : "later",
             describe_axes(stage),
             describe_origin(stage)}
        );
    }
    for (const std::string& line : table.lines())
        text += line + "\n";
    for (std::uint32_t i = 0; i < plan.stage_count(); ++i)
        text += format_units(plan, StageIndex{i}, options);
    return text + format_reuse(reuse);
}

Value plan_as_json(const Plan& plan, const Reuse& reuse, const PlanViewOptions& options) {
    Array stages;
    for (std::uint32_t i = 0; i < plan.stage_count(); ++i) {
        const StageIndex index{i};
        const Stage& stage = plan.stage(index);
        Object entry{
            {"name",     stage.name             },
            {"job",      stage.job              },
            {"expanded", plan.is_expanded(index)}
        };
        set_member(entry, "units", static_cast<std::int64_t>(plan.unit_count(index)));
        Object axes;
        for (const Axis& axis : stage.axes)
            set_member(axes, axis.name, axis.values);
        set_member(entry, "axes", axes);
        Array units;
        const std::uint32_t shown = std::min(plan.unit_count(index), options.units_shown);
        for (std::uint32_t unit = 0; unit < shown; ++unit) {
            const UnitKey key{index, unit};
            units.push_back(Object{
                {"unit_id",    format_unit_id(plan.id(key))             },
                {"parameters", plan.parameters(key)                     },
                {"seed",       static_cast<std::int64_t>(plan.seed(key))}
            });
        }
        set_member(entry, "first_units", units);
        if (shown > 0 && stage.job == "command") {
            if (const auto command = first_command(plan, index, options.directory)) {
                Array argv(command->begin(), command->end());
                set_member(entry, "command", argv);
            }
        }
        stages.push_back(entry);
    }
    Object reused{
        {"from",       reuse.from                            },
        {"units",      static_cast<std::int64_t>(reuse.units)},
        {"same_sweep", reuse.same_sweep                      }
    };
    return Object{
        {"sweep",  plan.sweep().name},
        {"seed",   plan.sweep().seed},
        {"stages", stages           },
        {"reused", reused           }
    };
}

}  // namespace xorch
