// anomaly.report: from the records of all judged classes to the table that the study was after:
// which branch is the weak one, for textures and for objects.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>

#include "jobs/anomaly/data/known_classes.h"
#include "jobs/anomaly/jobs.h"
#include "jobs/anomaly/score/fusion.h"

namespace xorch {

namespace anomaly {

namespace {

struct GroupKey {
    std::string task;
    std::string dataset;
    std::string family;
    std::int64_t k_shot = 0;

    friend auto operator<=>(const GroupKey&, const GroupKey&) = default;
};

constexpr std::size_t mode_count = std::size(score_modes);

// Of one class: an area per mode; the first two are the branches.
using Areas = std::array<std::optional<double>, mode_count>;

// By class and seed.
using Group = std::map<std::string, Areas>;

std::string text_of(const Object& object, const char* name) {
    const Value* value = find_member(object, name);
    const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
    return text == nullptr ? std::string() : *text;
}

std::int64_t integer_of(const Object& object, const char* name) {
    const Value* value = find_member(object, name);
    const auto* number = value == nullptr ? nullptr : value->get_if<std::int64_t>();
    return number == nullptr ? 0 : *number;
}

std::optional<double> number_of(const Object& object, const std::string& name) {
    const Value* value = find_member(object, name);
    return value == nullptr ? std::nullopt : value->as_number();
}

void take_areas(const UnitInput& input, Areas& areas) {
    const Object& row = input.records.back();
    if (const std::string mode = text_of(input.params, "score_mode"); find_member(row, "p_roc")) {
        if (const auto known = parse_score_mode(mode.empty() ? "max" : mode)) {
            areas[static_cast<std::size_t>(*known)] = number_of(row, "p_roc");
        }
        areas[0] = number_of(row, "semantic_auroc");
        areas[1] = number_of(row, "memory_auroc");
        return;
    }
    for (std::size_t i = 0; i < mode_count; ++i) {
        areas[i] = number_of(row, fmt::format("i_roc_{}", score_mode_name(score_modes[i])));
    }
}

std::map<GroupKey, Group> group_inputs(const NativeUnit& unit) {
    std::map<GroupKey, Group> groups;
    for (const UnitInput& input : unit.inputs()) {
        if (input.records.empty()) continue;
        const Object& row = input.records.back();
        const bool pixels = find_member(row, "p_roc") != nullptr;
        if (!pixels && find_member(row, "i_roc") == nullptr) continue;
        const std::string dataset = text_of(input.params, "dataset");
        const std::string class_name = text_of(input.params, "class_name");
        const std::string given = text_of(input.params, "family");
        GroupKey key{
            .task = pixels ? "seg" : "cls",
            .dataset = dataset,
            .family = given.empty() ? std::string(family_of(dataset, class_name)) : given,
            .k_shot = integer_of(input.params, "k_shot")};
        const auto item = fmt::format("{} {}", class_name, integer_of(input.params, "seed"));
        take_areas(input, groups[std::move(key)][item]);
    }
    return groups;
}

// Over the classes that have the value.
template <class ValueOf>
Value mean_over(const Group& group, const ValueOf& value_of) {
    double sum = 0;
    double count = 0;
    for (const auto& [item, areas] : group) {
        const std::optional<double> value = value_of(areas);
        if (!value) continue;
        sum += *value;
        ++count;
    }
    return count == 0 ? Value() : Value(sum / count);
}

std::optional<double> headroom(const Areas& areas) {
    const auto& oracle = areas[static_cast<std::size_t>(ScoreMode::oracle)];
    if (!oracle || !areas[0] || !areas[1]) return std::nullopt;
    return *oracle - std::max(*areas[0], *areas[1]);
}

std::int64_t count_weaker(const Group& group, std::size_t branch) {
    return std::count_if(group.begin(), group.end(), [&](const auto& entry) {
        const Areas& areas = entry.second;
        return areas[0] && areas[1] && *areas[branch] < *areas[1 - branch];
    });
}

Object row_of(const GroupKey& key, const Group& group) {
    Object row{
        {"task",    key.task                               },
        {"dataset", key.dataset                            },
        {"family",  key.family                             },
        {"k_shot",  key.k_shot                             },
        {"classes", static_cast<std::int64_t>(group.size())},
    };
    for (std::size_t i = 0; i < mode_count; ++i) {
        set_member(row, score_mode_name(score_modes[i]), mean_over(group, [&](const Areas& areas) {
                       return areas[i];
                   }));
    }
    set_member(row, "gap", mean_over(group, [](const Areas& areas) {
                   return areas[0] && areas[1] ? std::optional(std::abs(*areas[0] - *areas[1]))
                                               : std::nullopt;
               }));
    set_member(row, "oracle_headroom", mean_over(group, headroom));
    set_member(row, "weak_semantic", count_weaker(group, 0));
    set_member(row, "weak_memory", count_weaker(group, 1));
    return row;
}

}  // namespace

}  // namespace anomaly

Result<JobEnd> run_anomaly_report(NativeUnit& unit) {
    using namespace anomaly;
    const auto groups = group_inputs(unit);
    if (groups.empty()) {
        return fail(ErrorCode::invalid_input, "no input judged a class (anomaly.cls, anomaly.seg)");
    }
    for (const auto& [key, group] : groups) {
        if (auto reported = unit.report(row_of(key, group)); !reported) {
            return tl::unexpected(reported.error());
        }
    }
    return JobEnd::done;
}

}  // namespace xorch
