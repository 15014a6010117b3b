#pragma once

// What an evaluation leaves for the comparison of its phase with another.

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/files/grid.h"
#include "jobs/job_state.h"
#include "jobs/pix2pix/evaluation.h"

namespace xorch::pix2pix {

inline constexpr const char* metrics_name = "val_metrics_v2_best.json";
inline constexpr const char* failures_name = "failure_stats_v2_best.json";
inline constexpr const char* scores_name = "val_per_sample_v2.csv";
inline constexpr const char* translations_folder = "translations";

JobState store_translations(const std::vector<Plane>& made);

// Of one evaluation, as the comparison reads it.
struct PhaseEvaluation {
    std::vector<ScoredPair> pairs;  // in the order of the validation split
    std::vector<Plane> made;        // rounded to 8 bits
    Object record;                  // of its unit
};

// Of the folder of an evaluation's artifacts; `side` is that of its canvas.
Result<PhaseEvaluation> read_phase(const std::string& folder, Object record, int side);

Ids failed_of(const std::vector<ScoredPair>& pairs);

// metric, prev, cur, delta, delta_pct, direction: of every numeric column that both records have
// and that is better at one end. A relative change of nothing is left empty.
struct ComparedMetric {
    std::string metric;
    double prev = 0;
    double cur = 0;
    std::optional<double> delta_percent;
    std::string direction;  // better, worse or equal
};

std::vector<ComparedMetric> compare_records(const Object& prev, const Object& cur);
std::string format_comparison(const std::vector<ComparedMetric>& metrics);

}  // namespace xorch::pix2pix
