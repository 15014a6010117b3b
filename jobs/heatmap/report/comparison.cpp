#include "jobs/heatmap/report/comparison.h"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "core/json.h"
#include "jobs/heatmap/report/json_file.h"

namespace xorch::heatmap {

namespace {

Result<double> number_in(const Object& content, std::string_view name) {
    const Value* value = find_member(content, name);
    const auto number = value == nullptr ? std::nullopt : value->as_number();
    if (number) return *number;
    return fail(ErrorCode::invalid_input, fmt::format("no number \"{}\"", name));
}

std::string text_in(const Object& content, std::string_view name) {
    const Value* value = find_member(content, name);
    return value == nullptr ? "" : format_plain(*value);
}

std::string label_of(const Object& content) {
    const std::string inverted = text_in(content, "inverted") == "true" ? " inverted" : "";
    return fmt::format(
        "{} {} {}{}",
        text_in(content, "surgery"),
        text_in(content, "method"),
        text_in(content, "threshold"),
        inverted
    );
}

// Best by recall, then by precision, or the other way round; the first of equals.
const BoxResult& best_of(const std::vector<BoxResult>& results, bool recall_first) {
    const auto key = [&](const BoxResult& result) {
        return std::tuple(
            !result.is_control,
            recall_first ? result.recall : result.precision,
            recall_first ? result.precision : result.recall
        );
    };
    return *std::max_element(
        results.begin(),
        results.end(),
        [&](const BoxResult& left, const BoxResult& right) { return key(left) < key(right); }
    );
}

Array find_same(const std::vector<BoxResult>& results) {
    Array same;
    for (std::size_t i = 0; i < results.size(); ++i) {
        for (std::size_t k = i + 1; k < results.size(); ++k) {
            const auto apart = differences(results[i], results[k]);
            if (apart.size() != 1 || results[i].is_control || results[k].is_control) continue;
            const std::string hash = text_in(results[i].content, "box_hash");
            if (hash != text_in(results[k].content, "box_hash")) continue;
            same.emplace_back(Object{
                {"first",  results[i].label},
                {"second", results[k].label},
                {"axis",   apart[0]        },
            });
        }
    }
    return same;
}

Array to_array(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

}  // namespace

Result<BoxResult> parse_box_result(const std::string& json) {
    const auto value = parse_json(json);
    if (!value) return tl::unexpected(value.error());
    const Object* content = value->get_if<Object>();
    const Value* rules = value->find("rules");
    if (content == nullptr || rules == nullptr || rules->get_if<Object>() == nullptr) {
        return fail(ErrorCode::invalid_input, "no result of heatmap.boxes");
    }
    BoxResult result{.label = label_of(*content), .content = *content, .settings = {}};
    const auto recall = number_in(*content, "mAP_005");
    const auto precision = number_in(*content, "mAP_050");
    if (!recall) return tl::unexpected(recall.error());
    if (!precision) return tl::unexpected(precision.error());
    result.recall = *recall;
    result.precision = *precision;
    result.is_control = text_in(*content, "method") == "fullbox";
    result.settings = *rules->get_if<Object>();
    for (const char* name : {"surgery", "matching"}) {
        set_member(result.settings, name, text_in(*content, name));
    }
    return result;
}

std::vector<std::string> differences(const BoxResult& left, const BoxResult& right) {
    std::vector<std::string> names;
    for (const auto& [name, value] : left.settings) {
        const Value* other = find_member(right.settings, name);
        if (other == nullptr || *other != value) names.push_back(name);
    }
    return names;
}

Result<Comparison> compare(const std::vector<BoxResult>& results, const BoxResult& baseline) {
    const BoxResult& recall_first = best_of(results, true);
    if (recall_first.is_control) return fail(ErrorCode::invalid_input, "nothing but the control");
    Comparison comparison{.rows = {}, .same = find_same(results), .checks = {}};
    comparison.recall_first = recall_first.label;
    comparison.precision_first = best_of(results, false).label;
    bool is_confounded = false;
    bool has_zero = false;
    bool control_wins = false;
    for (const BoxResult& result : results) {
        Object row = result.content;
        std::erase_if(row, [](const Member& member) { return member.first == "open_points"; });
        const auto apart = differences(result, baseline);
        set_member(row, "label", result.label);
        set_member(row, "differs_in", to_array(apart));
        add_change(row, "change_005", result.recall, baseline.recall);
        add_change(row, "change_050", result.precision, baseline.precision);
        comparison.rows.emplace_back(std::move(row));
        is_confounded = is_confounded || (!result.is_control && apart.size() > 1);
        has_zero = has_zero || baseline.recall == 0 || baseline.precision == 0;
        const auto full = number_in(result.content, "fullbox_mAP_005");
        control_wins = control_wins || (full && *full >= recall_first.recall);
    }
    if (!comparison.same.empty()) comparison.checks.emplace_back("ABLATION_NOOP");
    if (control_wins) comparison.checks.emplace_back("CONTROL_WINS");
    if (is_confounded) comparison.checks.emplace_back("CONFOUNDED");
    if (has_zero) comparison.checks.emplace_back("ZERO_BASELINE");
    return comparison;
}

}  // namespace xorch::heatmap
