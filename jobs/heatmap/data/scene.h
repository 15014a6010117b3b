#pragma once

// An image of the data set as the encoder sees it, with its boxes in the pixels of that size. An
// image that is not square is squeezed into one, and its boxes with it.

#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/files/picture.h"
#include "jobs/heatmap/data/box.h"
#include "jobs/heatmap/data/dior_folder.h"

namespace xorch::heatmap {

struct Scene {
    std::string id;
    std::string hash;                // of the image file's bytes
    Picture picture;                 // image_side in both directions
    std::vector<LabelledBox> boxes;  // whole pixels
};

// Errors name the file: a class that is none of DIOR's, an annotation of another size than its
// image, boxes outside of it.
Result<Scene> load_scene(const DiorImage& image);

}  // namespace xorch::heatmap
