#include "tests/jobs/cellseg/few_images.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "jobs/cellseg/data/cell_folder.h"
#include "jobs/cellseg/data/synthetic.h"

namespace xorch::cellseg {

void make_few_images(const std::string& folder) {
    ASSERT_TRUE(make_cells(folder, 3));
    const auto files = list_cells(folder);
    ASSERT_TRUE(files);
    std::map<std::string, int> seen;
    for (const CellFile& file : *files) {
        const int kept = file.split == "train" ? images_per_group : 1;
        if (++seen[file.split + file.group] <= kept) continue;
        std::filesystem::remove(file.image);
        std::filesystem::remove(file.mask);
    }
}

}  // namespace xorch::cellseg
