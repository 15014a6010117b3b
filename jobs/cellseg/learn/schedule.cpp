#include "jobs/cellseg/learn/schedule.h"

#include <algorithm>

namespace xorch::cellseg {

namespace {

constexpr int warm_up = 10;  // epochs
constexpr int halvings = 10;

void halve_at_the_end(std::vector<double>& rates, int epochs_each) {
    rates.resize(rates.size() - static_cast<std::size_t>(halvings * epochs_each));
    for (int halving = 0; halving < halvings; ++halving) {
        rates.insert(rates.end(), static_cast<std::size_t>(epochs_each), rates.back() / 2.0);
    }
}

}  // namespace

std::vector<double> learning_rates(double lr, int epochs) {
    std::vector<double> rates;
    for (int epoch = 0; epoch < warm_up; ++epoch) {
        rates.push_back(lr * epoch / (warm_up - 1));
    }
    rates.resize(static_cast<std::size_t>(std::max(warm_up, epochs)), lr);
    if (epochs > 300) {
        halve_at_the_end(rates, 10);
    } else if (epochs > 99) {
        halve_at_the_end(rates, 5);
    }
    return rates;
}

RateReached rate_reached(const std::vector<double>& rates, std::int64_t epochs) {
    RateReached reached;
    for (std::size_t epoch = 0; epoch < static_cast<std::size_t>(epochs); ++epoch) {
        reached.greatest = std::max(reached.greatest, rates[epoch]);
        reached.sum += rates[epoch];
    }
    return reached;
}

}  // namespace xorch::cellseg
