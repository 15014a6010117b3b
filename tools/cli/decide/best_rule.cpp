#include "tools/cli/decide/best_rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/report/tables/summary.h"

namespace xorch {

namespace {

// "ap50:max" or "loss:min:0.01".
Result<OrderKey> parse_key(const std::string& text) {
    const std::size_t first = text.find(':');
    const std::string rest = first == std::string::npos ? "" : text.substr(first + 1);
    const std::size_t second = rest.find(':');
    const std::string mode = rest.substr(0, second);
    OrderKey key{.metric = text.substr(0, first), .minimise = mode == "min"};
    char* end = nullptr;
    const std::string tolerance = second == std::string::npos ? "0" : rest.substr(second + 1);
    key.tolerance = std::strtod(tolerance.c_str(), &end);
    const bool is_number = end != tolerance.c_str() && *end == '\0' && key.tolerance >= 0;
    if (key.metric.empty() || (mode != "min" && mode != "max") || !is_number) {
        return fail(
            ErrorCode::usage,
            fmt::format("--by {}: write METRIC:min or METRIC:max, then perhaps :TOLERANCE", text)
        );
    }
    return key;
}

// A rule made on the command line.
Result<AskedRule> made_up(const Plan& plan, const RuleOptions& options) {
    AskedRule asked;
    asked.select.name = "best";
    asked.select.from =
        options.stage.empty() ? plan.stage(summary_stage(plan)).name : options.stage;
    const auto stage = find_stage(plan.sweep(), asked.select.from);
    if (!stage) {
        return fail(ErrorCode::usage, fmt::format("there is no stage {}", options.stage));
    }
    const std::vector<std::string> axes = plan.axis_names(StageIndex{*stage});
    for (const std::string& axis : options.repeats) {
        if (std::find(axes.begin(), axes.end(), axis) != axes.end()) continue;
        return fail(
            ErrorCode::usage,
            fmt::format(
                "--repeats {}: the axes of stage {} are {}",
                axis,
                asked.select.from,
                fmt::join(axes, ", ")
            )
        );
    }
    for (const std::string& text : options.by) {
        auto key = parse_key(text);
        if (!key) return tl::unexpected(key.error());
        asked.select.order.push_back(*std::move(key));
    }
    asked.select.repeats = options.repeats;
    asked.select.take = options.take;
    return asked;
}

}  // namespace

Result<AskedRule> find_rule(const SweepReader& reader, const RuleOptions& options) {
    const Sweep& sweep = reader.plan().sweep();
    if (!options.by.empty()) return made_up(reader.plan(), options);
    std::vector<std::string> names;
    for (std::uint32_t s = 0; s < sweep.selects.size(); ++s) {
        names.push_back(sweep.selects[s].name);
        const bool is_meant =
            options.select.empty() ? sweep.selects.size() == 1 : names.back() == options.select;
        if (is_meant) return AskedRule{sweep.selects[s], s};
    }
    if (names.empty()) {
        return fail(
            ErrorCode::usage,
            "this sweep has no [[select]]; say what is best: xorch best --by METRIC:max"
        );
    }
    return fail(
        ErrorCode::usage,
        fmt::format(
            "{}there are {}: xorch best --select {}",
            options.select.empty() ? "" : "there is no selection " + options.select + "; ",
            fmt::join(names, ", "),
            names.front()
        )
    );
}

}  // namespace xorch
