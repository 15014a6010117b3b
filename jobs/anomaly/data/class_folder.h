#pragma once

// The images of one class of industrial parts: normal ones to know it by, normal and abnormal ones
// with masks to judge by. Any of three layouts, which the folders themselves tell apart, below
// FOLDER/DATASET or in FOLDER:
//
//   MVTec AD   CLASS/train/good/*, CLASS/test/good/*, CLASS/test/DEFECT/*,
//              CLASS/ground_truth/DEFECT/STEM_mask.*
//   VisA 1cls  CLASS/train/good/*, CLASS/test/good/*, CLASS/test/bad/*,
//   CLASS/ground_truth/bad/STEM.* raw VisA   split_csv/1cls.csv with columns object, split, label,
//   image, mask: paths in FOLDER
//
// Listings are sorted, so that the number of an image is the same on every machine. What is half of
// a pair is an error that names it: nothing is left out silently.

#include <string>
#include <vector>

#include "core/error.h"

namespace xorch::anomaly {

struct ImageFile {
    std::string name;  // relative to the class or, in raw VisA, to the folder
    std::string path;
    std::string mask;  // path; empty = all of it is normal
    bool abnormal = false;
};

struct ClassFiles {
    std::string layout;            // "mvtec", "visa" or "raw"
    std::vector<ImageFile> train;  // normal ones
    std::vector<ImageFile> test;   // of both kinds, at least one each
};

Result<ClassFiles> list_class(
    const std::string& folder, const std::string& dataset, const std::string& class_name
);

// Over names, kinds and contents of images and masks, in order.
Result<std::string> hash_manifest(const std::vector<ImageFile>& files);

}  // namespace xorch::anomaly
