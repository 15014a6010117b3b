#pragma once

// What decides over epochs: the learning rate falls when the validation loss no longer does,
// training ends when the checkpoint score no longer rises. Both are plain values, so that a
// checkpoint holds them whole. The generalisation set has no way in.

#include <cstdint>
#include <limits>

namespace xorch::beats {

// The best epoch, and when to stop looking for a better one.
struct EarlyStop {
    double best_score = -std::numeric_limits<double>::infinity();
    std::int64_t best_epoch = 0;  // from 1; 0 = none yet
    std::int64_t waited = 0;      // epochs since

    // True for a new best: a tie keeps the earlier epoch.
    bool observe(double score, std::int64_t epoch);
};

struct Patience {
    std::int64_t epochs = 25;
    std::int64_t min_epochs = 25;  // no end before

    bool is_over(const EarlyStop& stop, std::int64_t epoch) const {
        return stop.waited >= epochs && epoch >= min_epochs;
    }
};

// Multiplies the rate by `factor` after more than `patience` epochs without a loss that is lower
// than the best by at least one in ten thousand.
struct Plateau {
    double rate = 1e-3;
    double factor = 0.5;
    std::int64_t patience = 3;
    double best_loss = std::numeric_limits<double>::infinity();
    std::int64_t bad_epochs = 0;

    void observe(double loss);
};

}  // namespace xorch::beats
