#pragma once

// The second half of training and all of evaluation: image after image of a split, with a stop in
// between, then the picture of outlines and the table of images.

#include <functional>
#include <string>
#include <vector>

#include "jobs/cellseg/evaluation.h"
#include "jobs/cellseg/flows/masks.h"
#include "jobs/cellseg/learn/predictor.h"
#include "jobs/job.h"

namespace xorch::cellseg {

// Which images were scored, as a checkpoint keeps it.
void store_scores(JobState& state, const std::vector<ImageScore>& scores);
// For the first images of the split; corrupted if there are more than images.
Result<std::vector<ImageScore>> load_scores(
    const JobState& state, const std::vector<CellImage>& images
);

struct Scoring {
    std::vector<CellImage> images;
    std::vector<ImageScore> scores;  // of the first images
    int tile = 256;
    MaskSettings masks;
};

// Called with the number of images scored when it is time for a checkpoint.
using SaveScores = std::function<Result<void>(std::int64_t scored)>;

// Scores the images that are left. checkpointed means that the unit shall stop.
Result<JobEnd> score_split(
    NativeUnit& unit, Predictor& predictor, Scoring& scoring, const SaveScores& save
);

// panels.png: the first images of each group, and images.tsv: the counts of every image.
Result<void> write_scoring_artifacts(
    NativeUnit& unit, Predictor& predictor, const Scoring& scoring
);

}  // namespace xorch::cellseg
