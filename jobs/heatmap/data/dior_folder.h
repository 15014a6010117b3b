#pragma once

// Where the files of a DIOR data set are. Three forms are known: the published one
// (JPEGImages-trainval/, JPEGImages-test/, Annotations/Horizontal Bounding Boxes/,
// ImageSets/Main/*.txt), the same with each folder once more inside of itself, as the archives
// unpack, and a tidy one (images/trainval, images/test, annotations/horizontal, splits/*.txt).
// Every error names the file.

#include <string>
#include <vector>

#include "core/error.h"

namespace xorch::heatmap {

struct DiorImage {
    std::string id;
    std::string image;       // a path; what kind of image it is, its content says
    std::string annotation;  // a path

    friend bool operator==(const DiorImage&, const DiorImage&) = default;
};

// The images of train, val or test, sorted by id. Each has an image and an annotation, or that is
// an error, as is an id twice.
Result<std::vector<DiorImage>> list_split(const std::string& folder, const std::string& split);

// The ids that two lists share: images that are learned from and judged by.
std::vector<std::string> shared_ids(
    const std::vector<DiorImage>& left, const std::vector<DiorImage>& right
);

}  // namespace xorch::heatmap
