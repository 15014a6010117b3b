// [[stop]]: rules that give hopeless units up. A rule that names a metric which no unit can report
// would never hold, and nobody would notice.

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/input/pattern.h"
#include "coordinator/input/reading.h"

namespace xorch {

namespace {

// Of the stage's records; nothing if only its program knows them.
std::optional<std::vector<std::string>> known_columns(
    const ReadingContext& context, const Stage& stage
) {
    if (!stage.records.from.stdout_pattern.empty()) {
        // A pattern that is none is complained of elsewhere.
        const auto groups = pattern_groups(stage.records.from.stdout_pattern);
        return groups ? std::optional(*groups) : std::nullopt;
    }
    for (const JobDeclaration& job : context.options.jobs) {
        if (job.name != stage.job || job.columns.empty()) continue;
        std::vector<std::string> columns;
        for (const ColumnDeclaration& column : job.columns)
            columns.push_back(column.name);
        return columns;
    }
    return std::nullopt;
}

// Of all stages that the rule is for.
std::optional<std::vector<std::string>> columns_under(
    const ReadingContext& context, const Sweep& sweep, const StopRule& rule
) {
    std::vector<std::string> columns;
    for (const Stage& stage : sweep.stages) {
        if (!rule.stage.empty() && rule.stage != stage.name) continue;
        const auto known = known_columns(context, stage);
        if (!known) return std::nullopt;
        columns.insert(columns.end(), known->begin(), known->end());
    }
    return columns;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// What a condition of `require` may say, without the keys that are a rule's own.
Node condition_in(const Node& node) {
    std::vector<std::string> names;
    for (const Key<Condition>& key : condition_keys())
        names.push_back(key.text.name);
    Node condition = node;
    std::erase_if(condition.members, [&](const Entry& entry) {
        return !contains(names, entry.key);
    });
    return condition;
}

std::optional<StopRule> read_stop(ReadingContext& context, const Node& node) {
    StopRule rule;
    read_table(node, "[[stop]]", stop_keys(), context.complaints, rule);
    if (node.find("metric") == nullptr) {
        context.complaints.add(node.place, "[[stop]]: needs metric = \"a column of the records\"");
        return std::nullopt;
    }
    auto read = read_conditions(context, condition_in(node), "[[stop]]", true);
    if (read.empty()) return std::nullopt;
    rule.condition = std::move(read.front());
    return rule;
}

}  // namespace

std::vector<StopRule> read_stops(ReadingContext& context, const Node& list) {
    std::vector<StopRule> rules;
    for (const Node& node : list.items) {
        // One that cannot be read is complained of; its place stays its own.
        rules.push_back(read_stop(context, node).value_or(StopRule{}));
    }
    return rules;
}

void check_stops(ReadingContext& context, const Node& root, const Sweep& sweep) {
    std::vector<std::string> names;
    for (const Stage& stage : sweep.stages)
        names.push_back(stage.name);
    for (std::size_t i = 0; i < sweep.stops.size(); ++i) {
        const StopRule& rule = sweep.stops[i];
        const Node& node = root.find("stop")->items[i];
        const std::string& metric = rule.condition.metric;
        if (metric.empty()) continue;
        if (!rule.stage.empty() && !find_stage(sweep, rule.stage)) {
            const std::string why = fmt::format(
                "stage names no stage: \"{}\"{}", rule.stage, suggest(rule.stage, names)
            );
            context.complaints.add(node.find("stage")->place, why);
            continue;
        }
        const auto columns = columns_under(context, sweep, rule);
        if (!columns || contains(*columns, metric)) continue;
        context.complaints.add(
            node.find("metric")->place,
            fmt::format(
                "metric names no column that {} reports: \"{}\"{}",
                rule.stage.empty() ? "any stage" : "stage \"" + rule.stage + "\"",
                metric,
                suggest(metric, *columns)
            )
        );
    }
}

}  // namespace xorch
