#include "jobs/cellseg/scoring.h"

#include <algorithm>

#include "jobs/cellseg/learn/inference.h"
#include "jobs/cellseg/score_files.h"

namespace xorch::cellseg {

namespace {

constexpr const char* scores_name = "scores";
constexpr std::size_t counts_per_image = 3;

// `counts` are the three of the image: hits, false ones, missed ones.
template <class Number>
ImageScore score_of(const CellImage& image, const Number* counts) {
    return {
        .name = image.name,
        .group = image.group,
        .counts = {
                   .true_positive = static_cast<int>(counts[0]),
                   .false_positive = static_cast<int>(counts[1]),
                   .false_negative = static_cast<int>(counts[2])}
    };
}

Result<Labels> predict_labels(
    Predictor& predictor, const CellImage& image, int tile, const MaskSettings& settings
) {
    const auto output = predict_image(predictor, image.channels, tile);
    if (!output) return fail_with_context(output.error(), image.name);
    return find_masks(*output, settings);
}

// Each rank scores one of the next images, and all learn what the others counted.
Result<void> score_next(NativeUnit& unit, Predictor& predictor, Scoring& scoring) {
    const std::size_t begin = scoring.scores.size();
    const auto ranks = static_cast<std::size_t>(unit.ranks().size());
    const std::size_t end = std::min(begin + ranks, scoring.images.size());
    std::vector<std::int64_t> counts(counts_per_image * ranks);
    const auto own = static_cast<std::size_t>(unit.ranks().rank());
    if (begin + own < end) {
        const CellImage& image = scoring.images[begin + own];
        const auto predicted = predict_labels(predictor, image, scoring.tile, scoring.masks);
        if (!predicted) return tl::unexpected(predicted.error());
        const Counts found = score_image(image, *predicted).counts;
        counts[own * counts_per_image] = found.true_positive;
        counts[own * counts_per_image + 1] = found.false_positive;
        counts[own * counts_per_image + 2] = found.false_negative;
    }
    if (auto met = unit.ranks().all_reduce_max(counts); !met) return met;
    for (std::size_t i = 0; i < end - begin; ++i) {
        const std::int64_t* found = counts.data() + i * counts_per_image;
        scoring.scores.push_back(score_of(scoring.images[begin + i], found));
    }
    return {};
}

}  // namespace

void store_scores(JobState& state, const std::vector<ImageScore>& scores) {
    std::vector<double> numbers;
    for (const ImageScore& score : scores) {
        numbers.push_back(score.counts.true_positive);
        numbers.push_back(score.counts.false_positive);
        numbers.push_back(score.counts.false_negative);
    }
    state.add_numbers(scores_name, numbers);
}

Result<std::vector<ImageScore>> load_scores(
    const JobState& state, const std::vector<CellImage>& images
) {
    const auto numbers = state.numbers(scores_name);
    if (!numbers) return tl::unexpected(numbers.error());
    if (numbers->size() > counts_per_image * images.size()) {
        return fail(ErrorCode::corrupted, "a checkpoint with scores of more images than there are");
    }
    std::vector<ImageScore> scores;
    for (std::size_t at = 0; at + counts_per_image <= numbers->size(); at += counts_per_image) {
        scores.push_back(score_of(images[scores.size()], numbers->data() + at));
    }
    return scores;
}

Result<JobEnd> score_split(
    NativeUnit& unit, Predictor& predictor, Scoring& scoring, const SaveScores& save
) {
    while (scoring.scores.size() < scoring.images.size()) {
        if (auto scored = score_next(unit, predictor, scoring); !scored) {
            return tl::unexpected(scored.error());
        }
        if (!unit.should_checkpoint()) continue;
        const auto saved = save(static_cast<std::int64_t>(scoring.scores.size()));
        if (!saved) return tl::unexpected(saved.error());
        if (unit.should_stop()) return JobEnd::checkpointed;
    }
    return JobEnd::done;
}

Result<void> write_scoring_artifacts(
    NativeUnit& unit, Predictor& predictor, const Scoring& scoring
) {
    const auto drawn = write_panels(unit, scoring.images, [&](const CellImage& image) {
        return predict_labels(predictor, image, scoring.tile, scoring.masks);
    });
    if (!drawn) return drawn;
    return write_image_scores(unit, scoring.scores);
}

}  // namespace xorch::cellseg
