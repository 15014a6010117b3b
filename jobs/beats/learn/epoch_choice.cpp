#include "jobs/beats/learn/epoch_choice.h"

namespace xorch::beats {

namespace {

constexpr double needed_part = 1.0 - 1e-4;  // of the best loss, as PyTorch's scheduler has it
constexpr double least_fall = 1e-8;         // a rate that falls by less stays

}  // namespace

bool EarlyStop::observe(double score, std::int64_t epoch) {
    if (score > best_score) {
        best_score = score;
        best_epoch = epoch;
        waited = 0;
        return true;
    }
    ++waited;
    return false;
}

void Plateau::observe(double loss) {
    if (loss < best_loss * needed_part) {
        best_loss = loss;
        bad_epochs = 0;
        return;
    }
    if (++bad_epochs <= patience) return;
    bad_epochs = 0;
    const double lower = rate * factor;
    if (rate - lower > least_fall) rate = lower;
}

}  // namespace xorch::beats
