#pragma once

// Whose image is in which split. A network that saw a donor in training knows that donor's tissue
// and staining; a score on other images of the same donor promises too much.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/cellseg/data/cell_folder.h"

namespace xorch::cellseg {

// Beside the images: columns `image` and `donor`.
inline constexpr const char* donor_table_name = "donors.csv";

using DonorOf = std::map<std::string, std::string>;  // by name of the image

// The error names the file, and an image with two donors.
Result<DonorOf> read_donors(const std::string& path);

// What follows the group in the image's name.
std::string donor_in_name(const CellFile& file);

struct SplitDonors {
    int images = 0;
    std::set<std::string> donors;
    std::set<std::string> shared;  // with another split
};

// By split. The error names an image without a donor.
Result<std::map<std::string, SplitDonors>> donors_by_split(
    const std::vector<CellFile>& files, const DonorOf& donor_of
);

}  // namespace xorch::cellseg
