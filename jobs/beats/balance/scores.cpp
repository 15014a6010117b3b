#include "jobs/beats/balance/scores.h"

#include <algorithm>

namespace xorch::beats {

namespace {

double ratio(double part, double whole) {
    return whole == 0.0 ? 0.0 : part / whole;
}

}  // namespace

Scores score(const Confusion& confusion) {
    Scores scores;
    ClassCounts truth{};
    ClassCounts predicted{};
    std::int64_t right = 0;
    std::int64_t all = 0;
    for (std::size_t row = 0; row < confusion.size(); ++row) {
        for (std::size_t column = 0; column < confusion.size(); ++column) {
            truth[row] += confusion[row][column];
            predicted[column] += confusion[row][column];
            all += confusion[row][column];
        }
        right += confusion[row][row];
    }
    for (std::size_t i = 0; i < confusion.size(); ++i) {
        const auto hits = static_cast<double>(confusion[i][i]);
        scores.precision[i] = ratio(hits, static_cast<double>(predicted[i]));
        scores.recall[i] = ratio(hits, static_cast<double>(truth[i]));
        scores.f1[i] = ratio(2.0 * hits, static_cast<double>(predicted[i] + truth[i]));
    }
    const auto& [n, s, v, o] = scores.f1;
    scores.accuracy = ratio(static_cast<double>(right), static_cast<double>(all));
    scores.macro_f1 = (n + s + v + o) / 4.0;
    scores.abnormal_macro_f1 = (s + v + o) / 3.0;
    scores.rare_macro_f1 = (s + v) / 2.0;
    scores.min_f1 = *std::min_element(scores.f1.begin(), scores.f1.end());
    return scores;
}

Result<CheckpointScore> parse_checkpoint_score(std::string_view name) {
    if (name == "macro") return CheckpointScore::macro;
    if (name == "half") return CheckpointScore::half;
    if (name == "rare") return CheckpointScore::rare;
    if (name == "worst") return CheckpointScore::worst;
    return fail(ErrorCode::invalid_input, "no such score: " + std::string(name));
}

double checkpoint_score(const Scores& scores, CheckpointScore kind) {
    const double macro = scores.macro_f1;
    const double abnormal = scores.abnormal_macro_f1;
    switch (kind) {
        case CheckpointScore::macro:
            return macro;
        case CheckpointScore::half:
            return (macro + abnormal) / 2.0;
        case CheckpointScore::rare:
            return 0.2 * macro + 0.3 * abnormal + 0.5 * scores.rare_macro_f1;
        case CheckpointScore::worst:
            return 0.4 * macro + 0.3 * abnormal + 0.3 * scores.min_f1;
    }
    return 0.0;
}

}  // namespace xorch::beats
