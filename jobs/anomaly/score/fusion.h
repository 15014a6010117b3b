#pragma once

// How the scores of two branches become one. The semantic branch asks a text how abnormal a place
// is, the memory branch how far it is from anything that a normal image shows. Element by element,
// so that an image, a patch and a pixel are all one case. Pure.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch::anomaly {

enum class ScoreMode { semantic, memory, max, harmonic, oracle };

inline constexpr ScoreMode score_modes[] = {
    ScoreMode::semantic, ScoreMode::memory, ScoreMode::max, ScoreMode::harmonic, ScoreMode::oracle};

std::string_view score_mode_name(ScoreMode mode);
Result<ScoreMode> parse_score_mode(std::string_view name);

struct Branches {
    std::span<const float> semantic;
    std::span<const float> memory;  // as many
};

// Every mode but the oracle, which needs the truth. The harmonic one is 1 / (1/s + 1/m) without the
// factor 2 of the mean, each score raised by 1e-8.
std::vector<float> fuse(ScoreMode mode, Branches branches);

// What knowing the truth would make of the two: the greater score where it is abnormal, the lesser
// one elsewhere. `truth` has one value per score.
std::vector<float> fuse_by_truth(Branches branches, std::span<const std::uint8_t> truth);

// The share of places at which the oracle takes the semantic score; on a tie it does.
double oracle_semantic_share(Branches branches, std::span<const std::uint8_t> truth);

// The share of places at which the semantic score is the greater one, or equal: where it is all or
// nothing, the two are on different scales and `max` is one branch under another name.
double semantic_share(Branches branches);

// How scores are brought to one scale before they are fused, over all places of a task.
enum class Calibration { none, zscore, rank };

Result<Calibration> parse_calibration(std::string_view name);

// zscore: the logistic function of the standard score, since fusing wants positive numbers. rank:
// (average rank - 1/2) / n. Both keep the order of the scores, and neither looks at the truth.
std::vector<float> calibrate(Calibration calibration, std::span<const float> scores);

}  // namespace xorch::anomaly
