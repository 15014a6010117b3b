#include "jobs/anomaly/score/fusion.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/statistics/ranks.h"

namespace xorch::anomaly {

namespace {

constexpr double epsilon = 1e-8;  // of the published program: a score of 0 stays a number

float harmonic(float semantic, float memory) {
    return static_cast<float>(1.0 / (1.0 / (semantic + epsilon) + 1.0 / (memory + epsilon)));
}

constexpr std::array mode_names{
    std::pair{ScoreMode::semantic, std::string_view("semantic")},
    std::pair{ScoreMode::memory,   std::string_view("memory")  },
    std::pair{ScoreMode::max,      std::string_view("max")     },
    std::pair{ScoreMode::harmonic, std::string_view("harmonic")},
    std::pair{ScoreMode::oracle,   std::string_view("oracle")  },
};

constexpr std::array calibration_names{
    std::pair{Calibration::none,   std::string_view("none")  },
    std::pair{Calibration::zscore, std::string_view("zscore")},
    std::pair{Calibration::rank,   std::string_view("rank")  },
};

template <class T, std::size_t n>
Result<T> find_named(
    const std::array<std::pair<T, std::string_view>, n>& names, std::string_view name
) {
    for (const auto& [value, known] : names) {
        if (known == name) return value;
    }
    return fail(ErrorCode::invalid_input, fmt::format("\"{}\" is unknown here", name));
}

bool takes_semantic(float semantic, float memory, bool abnormal) {
    return abnormal ? semantic >= memory : semantic <= memory;
}

std::vector<float> standard_scores(std::span<const float> scores) {
    double sum = 0;
    double squares = 0;
    for (const float score : scores) {
        sum += score;
        squares += static_cast<double>(score) * score;
    }
    const auto count = static_cast<double>(scores.size());
    const double mean = sum / count;
    const double deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
    std::vector<float> scaled(scores.size(), 0.5F);
    if (deviation == 0) return scaled;
    std::transform(scores.begin(), scores.end(), scaled.begin(), [&](float score) {
        return static_cast<float>(1 / (1 + std::exp((mean - score) / deviation)));
    });
    return scaled;
}

}  // namespace

std::string_view score_mode_name(ScoreMode mode) {
    return mode_names[static_cast<std::size_t>(mode)].second;
}

Result<ScoreMode> parse_score_mode(std::string_view name) {
    return find_named(mode_names, name);
}

std::vector<float> fuse(ScoreMode mode, Branches branches) {
    XORCH_CHECK(branches.semantic.size() == branches.memory.size(), "two branches of one task");
    XORCH_CHECK(mode != ScoreMode::oracle, "the oracle needs the truth");
    const auto semantic = branches.semantic;
    const auto memory = branches.memory;
    if (mode == ScoreMode::semantic) return {semantic.begin(), semantic.end()};
    if (mode == ScoreMode::memory) return {memory.begin(), memory.end()};
    std::vector<float> fused(semantic.size());
    for (std::size_t i = 0; i < fused.size(); ++i) {
        fused[i] = mode == ScoreMode::max ? std::max(semantic[i], memory[i])
                                          : harmonic(semantic[i], memory[i]);
    }
    return fused;
}

std::vector<float> fuse_by_truth(Branches branches, std::span<const std::uint8_t> truth) {
    XORCH_CHECK(branches.semantic.size() == truth.size(), "a truth per score");
    std::vector<float> fused(truth.size());
    for (std::size_t i = 0; i < fused.size(); ++i) {
        const bool semantic =
            takes_semantic(branches.semantic[i], branches.memory[i], truth[i] != 0);
        fused[i] = semantic ? branches.semantic[i] : branches.memory[i];
    }
    return fused;
}

double oracle_semantic_share(Branches branches, std::span<const std::uint8_t> truth) {
    std::size_t taken = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) {
        if (takes_semantic(branches.semantic[i], branches.memory[i], truth[i] != 0)) ++taken;
    }
    return static_cast<double>(taken) / static_cast<double>(truth.size());
}

double semantic_share(Branches branches) {
    std::size_t greater = 0;
    for (std::size_t i = 0; i < branches.semantic.size(); ++i) {
        if (branches.semantic[i] >= branches.memory[i]) ++greater;
    }
    return static_cast<double>(greater) / static_cast<double>(branches.semantic.size());
}

Result<Calibration> parse_calibration(std::string_view name) {
    return find_named(calibration_names, name);
}

std::vector<float> calibrate(Calibration calibration, std::span<const float> scores) {
    switch (calibration) {
        case Calibration::none:
            return {scores.begin(), scores.end()};
        case Calibration::zscore:
            return standard_scores(scores);
        case Calibration::rank:
            break;
    }
    const std::vector<double> ranks = average_ranks({scores.begin(), scores.end()});
    std::vector<float> scaled(scores.size());
    std::transform(ranks.begin(), ranks.end(), scaled.begin(), [&](double rank) {
        return static_cast<float>((rank - 0.5) / static_cast<double>(scores.size()));
    });
    return scaled;
}

}  // namespace xorch::anomaly
