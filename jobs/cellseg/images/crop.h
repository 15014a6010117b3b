#pragma once

// Training crops: one turn, flip, zoom and shift of an image and its targets
// (random_rotate_and_resize of the published program). What is drawn at random comes in as numbers.

#include <vector>

#include "jobs/cellseg/flows/flow_field.h"
#include "jobs/cellseg/images/normalise.h"

namespace xorch::cellseg {

struct TrainingImage {
    Channels channels;
    Labels labels;
    FlowField flow;  // unit vectors of the labels
};

struct CropTransform {
    bool flip = false;     // mirrors x, before anything else
    double angle = 0.0;    // radians; unit x goes to (cos, sin), unit y to (-sin, cos)
    double scale = 1.0;    // above 0; 2 shows cells twice as large
    double shift_y = 0.0;  // of the crop within the turned image: a fraction of the play that there
    double shift_x =
        0.0;  // is on either side, in [-1, 1]; there is none where the image is smaller
};

// A batch in the network's order, [item, channel, y, x].
struct CropBuffer {
    float* image = nullptr;   // 3 channels
    float* target = nullptr;  // cell or not (0 or 1), flow y, flow x
    int size = 0;             // height and width of the crop, pixels
};

// Writes one item. Bilinear, the cell-or-not channel nearest; 0 outside of the image. Flow vectors
// turn with the image and keep their length.
void cut_crop(const TrainingImage& source, const CropTransform& transform, CropBuffer to);

}  // namespace xorch::cellseg
