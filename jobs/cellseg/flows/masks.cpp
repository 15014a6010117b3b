#include "jobs/cellseg/flows/masks.h"

#include <algorithm>

#include "jobs/cellseg/flows/flow_targets.h"
#include "jobs/cellseg/flows/hole_filling.h"
#include "jobs/cellseg/flows/labels.h"
#include "jobs/cellseg/flows/seeds.h"

namespace xorch::cellseg {

namespace {

// The network is trained on five times the unit vectors, which weighs flows against the logit.
constexpr float flow_scale = 5.0F;

std::vector<Pixel> pixels_above(const Plane& cellprob, double threshold) {
    std::vector<Pixel> pixels;
    for (int y = 0; y < cellprob.height; ++y) {
        for (int x = 0; x < cellprob.width; ++x) {
            if (static_cast<double>(cellprob.at(y, x)) > threshold) pixels.push_back({y, x});
        }
    }
    return pixels;
}

FlowField field_at(const FlowField& flow, const std::vector<Pixel>& pixels) {
    FlowField field(flow.y.height, flow.y.width);
    for (const Pixel pixel : pixels) {
        field.y.at(pixel.y, pixel.x) = flow.y.at(pixel.y, pixel.x) / flow_scale;
        field.x.at(pixel.y, pixel.x) = flow.x.at(pixel.y, pixel.x) / flow_scale;
    }
    return field;
}

void remove_cells(Labels& labels, bool (*is_bad)(int pixels, double limit), double limit) {
    const std::vector<int> counts = count_pixels(labels);
    std::vector<bool> removed(counts.size());
    for (std::size_t label = 1; label < counts.size(); ++label) {
        removed[label] = is_bad(counts[label], limit);
    }
    remove_labels(labels, removed);
}

bool is_below(int pixels, double limit) {
    return pixels < limit;
}

bool is_above(int pixels, double limit) {
    return pixels > limit;
}

}  // namespace

Labels find_masks(const NetworkOutput& output, const MaskSettings& settings) {
    const std::vector<Pixel> starts = pixels_above(output.cellprob, settings.cellprob_threshold);
    Labels labels(output.cellprob.height, output.cellprob.width);
    if (starts.empty()) return labels;
    const FlowField field = field_at(output.flow, starts);
    const std::vector<Position> ends = follow_flows(field, starts, settings.steps);
    labels = cluster_end_points(starts, ends, labels, settings.max_size_fraction);
    if (settings.flow_threshold) remove_bad_flows(labels, output.flow, *settings.flow_threshold);
    clean_masks(labels, settings.min_size);
    return labels;
}

Labels cluster_end_points(
    const std::vector<Pixel>& starts,
    const std::vector<Position>& ends,
    const Labels& shape,
    double max_size_fraction
) {
    Labels labels(shape.height, shape.width);
    const SeedMap seeds(ends, shape.height, shape.width);
    for (std::size_t i = 0; i < starts.size(); ++i) {
        labels.at(starts[i].y, starts[i].x) = seeds.label_at(ends[i]);
    }
    remove_cells(labels, is_above, max_size_fraction * static_cast<double>(labels.values.size()));
    renumber(labels);
    return labels;
}

std::vector<double> flow_errors(const Labels& labels, const FlowField& flow) {
    const FlowField expected = flow_targets(labels);
    const std::vector<int> counts = count_pixels(labels);
    std::vector<double> errors(counts.size() - 1);
    for (std::size_t i = 0; i < labels.values.size(); ++i) {
        if (labels.values[i] == 0) continue;
        const double down = expected.y.values[i] - flow.y.values[i] / flow_scale;
        const double along = expected.x.values[i] - flow.x.values[i] / flow_scale;
        errors[static_cast<std::size_t>(labels.values[i]) - 1] += down * down + along * along;
    }
    for (std::size_t cell = 0; cell < errors.size(); ++cell) {
        if (counts[cell + 1] > 0) errors[cell] /= counts[cell + 1];
    }
    return errors;
}

void remove_bad_flows(Labels& labels, const FlowField& flow, double threshold) {
    const std::vector<double> errors = flow_errors(labels, flow);
    std::vector<bool> removed(errors.size() + 1);
    for (std::size_t cell = 0; cell < errors.size(); ++cell) {
        removed[cell + 1] = errors[cell] > threshold;
    }
    remove_labels(labels, removed);
    renumber(labels);
}

void clean_masks(Labels& labels, int min_size) {
    remove_cells(labels, is_below, min_size);
    renumber(labels);
    fill_holes(labels);
    // A hole may have held another cell, of which little is left now.
    remove_cells(labels, is_below, min_size);
    renumber(labels);
}

}  // namespace xorch::cellseg
