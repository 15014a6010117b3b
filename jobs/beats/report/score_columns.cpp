#include "jobs/beats/report/score_columns.h"

#include <fmt/core.h>

#include "core/json.h"
#include "jobs/beats/balance/collapse.h"

namespace xorch::beats {

namespace {

constexpr std::array<std::string_view, class_count> column_names{"n", "s", "v", "o"};

template <class Items>
Value array_of(const Items& items) {
    Array values;
    for (const auto& item : items) {
        values.emplace_back(item);
    }
    return values;
}

}  // namespace

Value to_value(const PerClass& values) {
    return array_of(values);
}

Value to_value(const ClassCounts& counts) {
    return array_of(counts);
}

Value to_value(const Confusion& confusion) {
    Array rows;
    for (const ClassCounts& row : confusion) {
        rows.push_back(to_value(row));
    }
    return rows;
}

std::string describe(const PerClass& values) {
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i) {
        text += fmt::format("{}{} {:.3f}", i == 0 ? "" : " ", class_names[i], values[i]);
    }
    return text;
}

std::string describe(const Scores& scores) {
    return fmt::format(
        "macro F1 {:.3f} (abn {:.3f} rare {:.3f} min {:.3f})",
        scores.macro_f1,
        scores.abnormal_macro_f1,
        scores.rare_macro_f1,
        scores.min_f1
    );
}

void add_summary(Object& to, std::string_view split, const Scores& scores) {
    const auto add = [&](std::string_view name, double value) {
        set_member(to, fmt::format("{}_{}", split, name), value);
    };
    add("macro_f1", scores.macro_f1);
    add("acc", scores.accuracy);
    add("abnormal_macro_f1", scores.abnormal_macro_f1);
    add("rare_macro_f1", scores.rare_macro_f1);
    add("min_f1", scores.min_f1);
}

void add_columns(Object& to, std::string_view split, const Confusion& confusion) {
    const Scores scores = score(confusion);
    add_summary(to, split, scores);
    const auto add_each = [&](std::string_view name, const PerClass& values) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            set_member(to, fmt::format("{}_{}_{}", split, name, column_names[i]), values[i]);
        }
    };
    add_each("f1", scores.f1);
    add_each("precision", scores.precision);
    add_each("recall", scores.recall);
    set_member(to, fmt::format("{}_confusion", split), format_json(to_value(confusion)));
    set_member(to, fmt::format("{}_collapse", split), collapse_of(confusion));
}

Result<Confusion> parse_confusion(const Value& value) {
    const Error bad{ErrorCode::corrupted, "no confusion matrix of four classes"};
    const auto* rows = value.get_if<Array>();
    if (rows == nullptr || rows->size() != class_count) return tl::unexpected(bad);
    Confusion confusion{};
    for (std::size_t row = 0; row < rows->size(); ++row) {
        const auto* counts = (*rows)[row].get_if<Array>();
        if (counts == nullptr || counts->size() != class_count) return tl::unexpected(bad);
        for (std::size_t column = 0; column < counts->size(); ++column) {
            const auto* count = (*counts)[column].get_if<std::int64_t>();
            if (count == nullptr || *count < 0) return tl::unexpected(bad);
            confusion[row][column] = *count;
        }
    }
    return confusion;
}

}  // namespace xorch::beats
