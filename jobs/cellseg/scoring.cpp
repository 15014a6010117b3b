#include "jobs/cellseg/scoring.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "core/disk.h"
#include "core/io/posix_disk.h"
#include "jobs/cellseg/images/panel.h"
#include "jobs/files/png_file.h"

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

Result<void> write_panels(NativeUnit& unit, Predictor& predictor, const Scoring& scoring) {
    std::map<std::string, std::int64_t> shown;
    std::vector<Picture> panels;
    for (const CellImage& image : scoring.images) {
        if (shown[image.group] >= unit.params().integer("panels")) continue;
        ++shown[image.group];
        const auto predicted = predict_labels(predictor, image, scoring.tile, scoring.masks);
        if (!predicted) return tl::unexpected(predicted.error());
        panels.push_back(draw_panel(image.channels, image.labels, *predicted));
    }
    if (panels.empty()) return {};
    const auto path = unit.artifact("panels.png");
    if (!path) return tl::unexpected(path.error());
    return write_png(*path, stack_pictures(panels));
}

Result<void> write_table(NativeUnit& unit, const std::vector<ImageScore>& scores) {
    std::string table = "name\tgroup\ttp\tfp\tfn\tap50\n";
    for (const ImageScore& score : scores) {
        table += fmt::format(
            "{}\t{}\t{}\t{}\t{}\t{}\n",
            score.name,
            score.group,
            score.counts.true_positive,
            score.counts.false_positive,
            score.counts.false_negative,
            average_precision(score.counts)
        );
    }
    const auto path = unit.artifact("images.tsv");
    if (!path) return tl::unexpected(path.error());
    PosixDisk disk;
    return write_file_atomically(disk, *path, table);
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
    if (auto written = write_panels(unit, predictor, scoring); !written) return written;
    return write_table(unit, scoring.scores);
}

}  // namespace xorch::cellseg
