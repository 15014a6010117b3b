#pragma once

// A recipe against imbalance as people, logs and records are told of it.

#include <string>
#include <string_view>
#include <vector>

#include "core/value.h"
#include "jobs/beats/training_setup.h"

namespace xorch::beats {

// Before the first step: weights, expected batches, and which classes that favours.
std::string describe_balance(const TrainingSetup& setup, const Balance& balance);

// Members of the log's first event; null where a recipe has no sampler or no target.
void add_balance_event(Object& to, const TrainingSetup& setup, const Balance& balance);

// The same in short, for a table.
void add_balance_columns(Object& to, const Balance& balance);

// What a reader of the table has to know, by name.
std::vector<std::string_view> checks_of(const Balance& balance, const Confusion& validation);

}  // namespace xorch::beats
