#pragma once

// Which image files of a folder are a pair of photo and X-ray, in any of three layouts that such
// data comes in; the contents of the folder decide which.
//   clinical      data.csv, {train,val,test}_ids.csv and optional pairs_{split}.csv; without the
//                 latter 训练集|验证集|测试集/侧位照片/<id>.2.png and .../x线片/<id>.1.png. Names
//                 of folders may be in GB18030, as some archives leave them.
//   two folders   A/{split}/<name>.<ext> and B/{split}/<name>.<ext>
//   side by side  {split}/<name>.<ext>, the photo in the left half
// Listings are sorted by id. landmarks.csv beside them is optional. Errors name the file.

#include <array>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/pix2pix/data/landmarks.h"

namespace xorch::pix2pix {

inline constexpr std::array<const char*, 3> split_names{"train", "val", "test"};

// Of a split, in the clinical layout.
inline constexpr std::array<const char*, 3> split_folders{"训练集", "验证集", "测试集"};
inline constexpr const char* photo_folder = "侧位照片";
inline constexpr const char* xray_folder = "x线片";

struct PairFile {
    std::string id;
    std::string input;   // path
    std::string target;  // the same path where both halves are in one file
};

struct PairListing {
    std::string layout;
    std::array<std::vector<PairFile>, 3> splits;  // in the order of split_names
    LandmarkTable landmarks;                      // may be empty
};

// Every split but test has a pair. The files need not exist: who reads them finds out.
Result<PairListing> list_pairs(const std::string& folder);

}  // namespace xorch::pix2pix
