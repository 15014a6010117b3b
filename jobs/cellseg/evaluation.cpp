#include "jobs/cellseg/evaluation.h"

#include <set>

namespace xorch::cellseg {

namespace {

constexpr double iou_threshold = 0.5;

void add_scores_of(
    Object& record,
    const std::string& prefix,
    const std::vector<ImageScore>& scores,
    const std::string& group
) {
    Counts pooled;
    double sum = 0.0;
    int images = 0;
    for (const ImageScore& score : scores) {
        if (!group.empty() && score.group != group) continue;
        pooled += score.counts;
        sum += average_precision(score.counts);
        ++images;
    }
    const Rates rates = rates_of(pooled);
    set_member(record, prefix + "_ap50", images > 0 ? sum / images : 0.0);
    set_member(record, prefix + "_ap50_pooled", average_precision(pooled));
    set_member(record, prefix + "_precision", rates.precision);
    set_member(record, prefix + "_recall", rates.recall);
    set_member(record, prefix + "_f1", rates.f1);
}

}  // namespace

ImageScore score_image(const CellImage& image, const Labels& predicted) {
    return {
        .name = image.name,
        .group = image.group,
        .counts = match_cells(find_overlaps(image.labels, predicted), iou_threshold)};
}

void add_scores(Object& record, const std::vector<ImageScore>& scores) {
    add_scores_of(record, "overall", scores, {});
    std::set<std::string> groups;
    for (const ImageScore& score : scores) {
        groups.insert(score.group);
    }
    for (const std::string& group : groups) {
        add_scores_of(record, group, scores, group);
    }
}

}  // namespace xorch::cellseg
