#pragma once

// Scores as columns of records and members of log lines, spelt once: "val_macro_f1", "gen_f1_s".

#include <string>
#include <string_view>

#include "core/value.h"
#include "jobs/beats/balance/scores.h"

namespace xorch::beats {

// In the order of class_names.
Value to_value(const PerClass& values);
Value to_value(const ClassCounts& counts);

// "N 0.476 S 0.118 V 0.134 O 0.271".
std::string describe(const PerClass& values);

// "macro F1 0.412 (abn 0.301 rare 0.104 min 0.000)".
std::string describe(const Scores& scores);

// macro_f1, acc, abnormal_macro_f1, rare_macro_f1 and min_f1, each after "<split>_".
void add_summary(Object& to, std::string_view split, const Scores& scores);

// The summary, each class's f1, precision and recall, the confusion matrix, and the classes that a
// collapse left, as text for a table.
void add_columns(Object& to, std::string_view split, const Confusion& confusion);

Value to_value(const Confusion& confusion);
Result<Confusion> parse_confusion(const Value& value);

}  // namespace xorch::beats
