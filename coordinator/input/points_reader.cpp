// Axes, parameters and conditions of a stage: the parts of the file whose names are the user's own.

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/input/reading.h"
#include "core/json.h"
#include "core/plan_space.h"

namespace xorch {

namespace {

struct ParameterValue {
    Value value;
    bool is_path = false;
};

bool is_path_table(const Node& node) {
    return node.kind == NodeKind::table && node.find("path") != nullptr;
}

bool contains_zero_byte(const Value& value) {
    const auto* text = value.get_if<std::string>();
    return text != nullptr && text->find('\0') != std::string::npos;
}

// A scalar, an array of scalars, or { path = "..." }.
std::optional<ParameterValue> read_value_of(
    ReadingContext& context, const StageSource& source, const std::string& name, const Node& node
) {
    const std::string what = fmt::format("parameter \"{}\"", name);
    if (is_path_table(node)) {
        if (node.members.size() != 1) {
            context.complaints.add(node.place, what + ": a path has the key \"path\" only");
        }
        return ParameterValue{resolve_path(context, *node.find("path"), what), true};
    }
    if (node.kind == NodeKind::scalar) {
        if (contains_zero_byte(node.scalar)) {
            context.complaints.add(node.place, what + " must not contain a zero byte");
            return std::nullopt;
        }
        for (const JobDeclaration& job : context.options.jobs) {
            if (job.name != source.stage.job) continue;
            const ParameterDeclaration* declared = find_parameter(job, name);
            const bool is_path = declared != nullptr && declared->type == ParameterType::path &&
                                 node.scalar.get_if<std::string>() != nullptr;
            if (is_path) return ParameterValue{resolve_path(context, node, what), true};
        }
        return ParameterValue{node.scalar, false};
    }
    if (node.kind == NodeKind::array) {
        Array items;
        for (const Node& item : node.items) {
            if (item.kind != NodeKind::scalar || contains_zero_byte(item.scalar)) {
                context.complaints.add(item.place, what + " may be an array of plain values only");
                return std::nullopt;
            }
            items.push_back(item.scalar);
        }
        return ParameterValue{Value(std::move(items)), false};
    }
    context.complaints.add(
        node.place, what + " must be a value, an array of values, or { path = \"...\" }"
    );
    return std::nullopt;
}

// Keeps the name if it is one and is not taken.
bool take_name(
    ReadingContext& context, StageSource& source, const std::string& name, SourcePlace place
) {
    if (!is_name(name)) {
        context.complaints.add(
            place,
            fmt::format(
                "{} is no name of a parameter: use 1 to 64 characters of A-Z a-z 0-9 . _ -",
                format_json(Value(name.substr(0, 80)))
            )
        );
        return false;
    }
    const auto [at, is_new] = source.names.emplace(name, place);
    if (is_new) return true;
    context.complaints.add(
        place,
        fmt::format(
            "\"{}\" is already an axis or a parameter of this stage (line {}); keep one",
            name,
            at->second.line
        )
    );
    return false;
}

void keep_path(StageSource& source, const std::string& name, const Value& value) {
    source.stage.path_hashes[name].emplace(*value.get_if<std::string>(), "");
}

bool read_range(ReadingContext& context, const Node& node, Axis& axis) {
    std::vector<std::int64_t> bounds;
    for (const Node& item : node.items) {
        const auto* number = item.scalar.get_if<std::int64_t>();
        if (item.kind == NodeKind::scalar && number != nullptr) bounds.push_back(*number);
    }
    if (bounds.size() == 2) bounds.push_back(1);
    const bool valid = node.kind == NodeKind::array && node.items.size() >= 2 &&
                       bounds.size() == 3 && node.items.size() <= 3 && bounds[2] != 0;
    if (!valid) {
        context.complaints.add(
            node.place,
            fmt::format(
                "range of axis \"{}\" must be [first, end] or [first, end, step], integers, "
                "without "
                "the end itself; for other numbers use values",
                axis.name
            )
        );
        return false;
    }
    const std::int64_t step = bounds[2];
    std::int64_t at = bounds[0];
    while (step > 0 ? at < bounds[1] : at > bounds[1]) {
        if (axis.values.size() == units_max) {
            context.complaints.add(
                node.place, fmt::format("axis \"{}\" has more than {} values", axis.name, units_max)
            );
            return false;
        }
        axis.values.emplace_back(at);
        if (__builtin_add_overflow(at, step, &at)) break;
    }
    return true;
}

void read_axis_values(ReadingContext& context, StageSource& source, const Node& node, Axis& axis) {
    std::vector<SourcePlace>& places = source.values[axis.name];
    bool paths = false;
    bool others = false;
    for (const Node& item : node.items) {
        const auto value = read_value_of(context, source, axis.name, item);
        if (!value) continue;
        if (value->is_path) keep_path(source, axis.name, value->value);
        (value->is_path ? paths : others) = true;
        axis.values.push_back(value->value);
        places.push_back(item.place);
    }
    if (paths && others) {
        context.complaints.add(
            node.place, fmt::format("axis \"{}\" mixes paths with other values", axis.name)
        );
    }
}

void read_axis(
    ReadingContext& context, StageSource& source, const Entry& entry, const std::string& name
) {
    Axis axis;
    axis.name = name;
    if (!take_name(context, source, name, entry.place)) return;
    const Node* values =
        entry.node.kind == NodeKind::array ? &entry.node : entry.node.find("values");
    const Node* range = entry.node.find("range");
    const std::string table = fmt::format("axis \"{}\"", name);
    if (entry.node.kind == NodeKind::table) {
        KeyTable<Axis> keys;
        keys.custom("values", "");
        keys.custom("range", "");
        check_members(entry.node, table, key_texts(keys.take()), context.complaints);
    }
    if ((values == nullptr) == (range == nullptr)) {
        context.complaints.add(
            entry.node.place, table + " needs either values = [...] or range = [first, end]"
        );
        return;
    }
    if (range != nullptr && !read_range(context, *range, axis)) return;
    if (values != nullptr && values->kind != NodeKind::array) {
        context.complaints.add(
            values->place,
            fmt::format("values of {} must be an array, not {}", table, values->describe())
        );
        return;
    }
    const std::size_t complaints_before = values == nullptr ? 0 : values->items.size();
    if (values != nullptr) read_axis_values(context, source, *values, axis);
    if (axis.values.empty() && complaints_before == 0) {
        context.complaints.add(
            entry.node.place, table + " is empty; give it at least one value, or remove it"
        );
    }
    source.stage.axes.push_back(std::move(axis));
}

// A table of axes: every member is a table or an array and none is a key of an axis.
bool is_group_of_axes(const Node& node) {
    return node.kind == NodeKind::table && !node.members.empty() &&
           node.find("values") == nullptr && node.find("range") == nullptr &&
           std::all_of(node.members.begin(), node.members.end(), [](const Entry& entry) {
               return entry.node.kind != NodeKind::scalar;
           });
}

void read_axes(
    ReadingContext& context, StageSource& source, const Node& table, const std::string& prefix
) {
    if (table.kind != NodeKind::table) {
        context.complaints.add(
            table.place, "axes must be a table: axes.lr = { values = [0.1, 0.2] }"
        );
        return;
    }
    for (const Entry& entry : table.members) {
        const std::string name = prefix + entry.key;
        if (is_group_of_axes(entry.node)) {
            read_axes(context, source, entry.node, name + ".");
        } else {
            read_axis(context, source, entry, name);
        }
    }
}

void read_params(
    ReadingContext& context, StageSource& source, const Node& table, const std::string& prefix
) {
    if (table.kind != NodeKind::table) {
        context.complaints.add(table.place, "params must be a table: params = { epochs = 20 }");
        return;
    }
    for (const Entry& entry : table.members) {
        const std::string name = prefix + entry.key;
        const bool is_group = entry.node.kind == NodeKind::table && !is_path_table(entry.node);
        if (is_group) {
            read_params(context, source, entry.node, name + ".");
            continue;
        }
        if (!take_name(context, source, name, entry.place)) continue;
        const auto value = read_value_of(context, source, name, entry.node);
        if (!value) continue;
        if (value->is_path) keep_path(source, name, value->value);
        source.stage.params.emplace_back(name, value->value);
    }
}

void read_when(
    ReadingContext& context, StageSource& source, const Node& table, const std::string& prefix
) {
    if (table.kind != NodeKind::table) {
        context.complaints.add(
            table.place, "when must be a table: when.width = { param = \"model\", is = \"cnn\" }"
        );
        return;
    }
    for (const Entry& entry : table.members) {
        const std::string name = prefix + entry.key;
        auto& axes = source.stage.axes;
        const auto axis = std::find_if(axes.begin(), axes.end(), [&](const Axis& each) {
            return each.name == name;
        });
        if (axis != axes.end()) {
            axis->when = read_conditions(context, entry.node, "when." + name, false);
            source.condition_places[name].assign(axis->when.size(), entry.node.place);
            continue;
        }
        if (entry.node.kind == NodeKind::table && entry.node.find("param") == nullptr) {
            read_when(context, source, entry.node, name + ".");
            continue;
        }
        std::vector<std::string> names;
        for (const Axis& each : axes)
            names.push_back(each.name);
        context.complaints.add(
            entry.place, fmt::format("when.{}: no such axis{}", name, suggest(name, names))
        );
    }
}

void read_zip(ReadingContext& context, StageSource& source, const Node& node) {
    const auto refuse = [&](SourcePlace place) {
        context.complaints.add(
            place, "zip must be an array of arrays of axis names: [[\"a\", \"b\"]]"
        );
    };
    if (node.kind != NodeKind::array) return refuse(node.place);
    for (const Node& group : node.items) {
        KeyText key;
        key.name = "zip";
        key.type = KeyType::texts;
        Reading reading;
        if (group.kind != NodeKind::array) return refuse(group.place);
        if (!read_value(key, group, reading, context.complaints)) return;
        source.stage.zip.push_back(std::move(reading.texts));
    }
}

void read_exclude(ReadingContext& context, StageSource& source, const Node& node) {
    if (node.kind != NodeKind::array) {
        context.complaints.add(
            node.place, "exclude must be an array of conditions: [{ param = \"lr\", at_least = 1 }]"
        );
        return;
    }
    for (const Node& entry : node.items) {
        const Node* all = entry.find("all");
        if (all != nullptr && entry.members.size() != 1) {
            context.complaints.add(entry.place, "an entry with \"all\" has no other key");
        }
        const Node& conditions = all == nullptr ? entry : *all;
        auto read = read_conditions(context, conditions, "exclude", false);
        if (read.empty()) continue;
        source.stage.exclude.push_back(std::move(read));
        source.exclude_places.push_back(entry.place);
    }
}

std::optional<Condition> read_condition(
    ReadingContext& context, const Node& node, std::string_view table, bool metrics_allowed
) {
    Condition condition;
    read_table(node, table, condition_keys(), context.complaints, condition);
    if (node.kind != NodeKind::table) return std::nullopt;
    const auto complain = [&](std::string_view what) {
        context.complaints.add(node.place, fmt::format("{}: {}", table, what));
        return std::nullopt;
    };
    if (!metrics_allowed && !condition.metric.empty()) {
        return complain("a metric is known only after the unit ran; name a param");
    }
    if (condition.param.empty() == condition.metric.empty()) {
        return complain(
            metrics_allowed ? "needs one of param and metric" : "needs param = \"name\""
        );
    }
    for (const char* bound : {"is", "is_not", "in", "at_least", "at_most"}) {
        if (node.find(bound) != nullptr) return condition;
    }
    return complain("needs one of is, is_not, in, at_least, at_most");
}

}  // namespace

std::vector<Condition> read_conditions(
    ReadingContext& context, const Node& node, std::string_view table, bool metrics_allowed
) {
    std::vector<Condition> conditions;
    const auto read = [&](const Node& each) {
        auto condition = read_condition(context, each, table, metrics_allowed);
        if (condition) conditions.push_back(std::move(*condition));
    };
    if (node.kind != NodeKind::array) {
        read(node);
        return conditions;
    }
    for (const Node& item : node.items)
        read(item);
    return conditions;
}

void read_points(ReadingContext& context, StageSource& source) {
    const Node& node = *source.node;
    if (const Node* axes = node.find("axes")) read_axes(context, source, *axes, "");
    if (const Node* params = node.find("params")) read_params(context, source, *params, "");
    if (const Node* when = node.find("when")) read_when(context, source, *when, "");
    if (const Node* zip = node.find("zip")) read_zip(context, source, *zip);
    if (const Node* exclude = node.find("exclude")) read_exclude(context, source, *exclude);
}

}  // namespace xorch
