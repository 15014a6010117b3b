#pragma once

// How well classes are told apart, and what a checkpoint is chosen by. Accuracy says nothing where
// four beats of five are normal; F1 per class does, and which classes its mean is over.

#include <string_view>

#include "core/error.h"
#include "jobs/beats/balance/per_class.h"

namespace xorch::beats {

// [true class][predicted class].
using Confusion = std::array<ClassCounts, class_count>;

// 0 where nothing is there or nothing was predicted.
struct Scores {
    PerClass precision{};
    PerClass recall{};
    PerClass f1{};
    double accuracy = 0;
    double macro_f1 = 0;           // of all classes
    double abnormal_macro_f1 = 0;  // of S, V and O
    double rare_macro_f1 = 0;      // of S and V
    double min_f1 = 0;
};

Scores score(const Confusion& confusion);

// What the best epoch and the end of training are decided by.
enum class CheckpointScore {
    macro,  // macro F1
    half,   // half of macro, half of abnormal
    rare,   // 0.2 macro + 0.3 abnormal + 0.5 rare
    worst,  // 0.4 macro + 0.3 abnormal + 0.3 least F1
};

Result<CheckpointScore> parse_checkpoint_score(std::string_view name);

double checkpoint_score(const Scores& scores, CheckpointScore kind);

}  // namespace xorch::beats
