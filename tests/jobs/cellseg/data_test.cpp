// Folders of images in their layouts, and what budgets draw from them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "jobs/cellseg/data/cell_image.h"
#include "jobs/cellseg/data/split_file.h"
#include "jobs/cellseg/data/subset.h"
#include "jobs/cellseg/data/synthetic.h"
#include "jobs/files/png_file.h"
#include "jobs/files/tiff_file.h"
#include "tests/jobs/cellseg/drawings.h"
#include "tests/support/temporary_directory.h"

namespace xorch::cellseg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

class CellsegFolder : public testing::Test {
 protected:
    std::string root() const { return folder_.path(); }

    void write(const std::string& name, const std::string& bytes) const {
        fs::create_directories(fs::path(root() + "/" + name).parent_path());
        std::ofstream(root() + "/" + name, std::ios::binary) << bytes;
    }

    void write_mask(const std::string& name, const Labels& labels) const {
        fs::create_directories(fs::path(root() + "/" + name).parent_path());
        ASSERT_TRUE(write_label_tiff(root() + "/" + name, labels));
    }

    void write_image(const std::string& name, const Picture& picture) const {
        fs::create_directories(fs::path(root() + "/" + name).parent_path());
        ASSERT_TRUE(write_png(root() + "/" + name, picture));
    }

    // Two images of two groups in the plain layout.
    void write_plain() const {
        for (const std::string name : {"fluo_1", "tissue_2"}) {
            write_image("images/" + name + ".png", Picture(4, 4));
            write_mask("masks/" + name + "_mask.tif", draw({"11..", "11..", "....", "..22"}));
        }
        write("splits.yaml", "train:\n  - fluo_1\nval: [tissue_2]\n");
    }

    std::string error_of_list() const {
        const auto files = list_cells(root());
        return files ? "none" : files.error().message;
    }

    TemporaryDirectory folder_;
};

TEST_F(CellsegFolder, ThePlainLayoutTakesSplitsFromItsFile) {
    write_plain();
    const auto files = list_cells(root());
    ASSERT_TRUE(files) << files.error().message;
    ASSERT_EQ(files->size(), 2U);
    EXPECT_EQ((*files)[0].name, "fluo_1");
    EXPECT_EQ((*files)[0].group, "fluo");
    EXPECT_EQ((*files)[0].split, "train");
    EXPECT_EQ((*files)[1].split, "val");
    const auto image = load_cell_image((*files)[0], {});
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->cell_count, 2);
}

TEST_F(CellsegFolder, TheRawLayoutTakesSplitsByDonor) {
    write_image("gfap_123456.tiff", Picture(4, 4));
    write_image("gfap_123456_marker.tiff", Picture(4, 4));
    std::string header = "{'descr': '<i4', 'fortran_order': False, 'shape': (4, 4), }";
    header.resize(117, ' ');
    header += '\n';
    std::string cells(64, '\0');
    cells[0] = 9;
    write(
        "gfap_123456_cellbodies.npy",
        std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header +
            cells
    );
    write("splits/donor_splits.yaml", "train: [\"123456\"]  # donors\n");
    const auto files = list_cells(root());
    ASSERT_TRUE(files) << files.error().message;
    ASSERT_EQ(files->size(), 1U);
    EXPECT_EQ((*files)[0].split, "train");
    EXPECT_THAT((*files)[0].marker, HasSubstr("gfap_123456_marker.tiff"));
    const auto image = load_cell_image((*files)[0], {});
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->cell_count, 1);
}

TEST_F(CellsegFolder, WhatDoesNotPairUpIsNamed) {
    EXPECT_THAT(error_of_list(), HasSubstr("no images"));
    write_plain();
    fs::remove(root() + "/masks/fluo_1_mask.tif");
    EXPECT_THAT(error_of_list(), HasSubstr("images/fluo_1.png: an image without a mask"));
    write_mask("masks/fluo_1_mask.tif", Labels(4, 4));
    write_mask("masks/fluo_7_mask.tif", Labels(4, 4));
    EXPECT_THAT(error_of_list(), HasSubstr("masks/fluo_7_mask.tif: a mask without an image"));
    fs::remove(root() + "/masks/fluo_7_mask.tif");
    write("splits.yaml", "train: [fluo_1]\n");
    EXPECT_THAT(error_of_list(), HasSubstr("images/tissue_2.png: in no split"));
    write("splits.yaml", "train: [fluo_1, fluo_9]\nval: [tissue_2]\n");
    EXPECT_THAT(error_of_list(), HasSubstr("fluo_9 of split train has no image"));
    write("splits.yaml", "train: [fluo_1]\nval: [tissue_2, fluo_1]\n");
    EXPECT_THAT(error_of_list(), HasSubstr("fluo_1 is in train and in val"));
    fs::remove(root() + "/splits.yaml");
    EXPECT_THAT(error_of_list(), HasSubstr("splits.yaml: there is no such file"));
    EXPECT_THAT(list_cells(root() + "/nowhere").error().message, HasSubstr("no such folder"));
}

TEST_F(CellsegFolder, AnEmptySplitNamesThoseThatThereAre) {
    write_plain();
    const auto files = list_cells(root());
    ASSERT_TRUE(files);
    const auto test = files_of_split(*files, "test", root());
    ASSERT_FALSE(test);
    EXPECT_THAT(
        test.error().message, HasSubstr("no images in split \"test\" (there are: train, val)")
    );
}

TEST_F(CellsegFolder, MasksOfAnotherSizeOrWithoutCellsAreRefused) {
    write_plain();
    write_mask("masks/fluo_1_mask.tif", Labels(5, 4));
    write_mask("masks/tissue_2_mask.tif", Labels(4, 4));
    const auto files = list_cells(root());
    ASSERT_TRUE(files);
    const auto size = load_cell_image((*files)[0], {});
    ASSERT_FALSE(size);
    EXPECT_THAT(
        size.error().message, HasSubstr("fluo_1_mask.tif: 4 x 5 pixels, but its image has 4 x 4")
    );
    const auto empty = load_cell_image((*files)[1], {});
    ASSERT_FALSE(empty);
    EXPECT_THAT(empty.error().message, HasSubstr("tissue_2_mask.tif: a mask without cells"));
    const auto allowed = load_cell_image((*files)[1], {.allow_empty = true});
    ASSERT_TRUE(allowed) << allowed.error().message;
    EXPECT_EQ(allowed->cell_count, 0);
}

TEST_F(CellsegFolder, DarkCellsOnBrightGroundAreTurnedOver) {
    Picture bright(8, 8, Colour{.red = 240, .green = 230, .blue = 235});
    bright.at(2, 2) = {.red = 60, .green = 30, .blue = 90};
    write_image("train_cells/tissue_1.png", bright);
    Labels cell(8, 8);
    cell.at(2, 2) = 1;
    write_mask("train_cells/tissue_1_masks.tif", cell);
    const auto files = list_cells(root());
    ASSERT_TRUE(files) << files.error().message;
    const auto turned = load_cell_image((*files)[0], {.grey = true, .invert_bright = true});
    ASSERT_TRUE(turned) << turned.error().message;
    EXPECT_GT(turned->channels[0].at(2, 2), turned->channels[0].at(5, 5));
    EXPECT_NEAR(turned->channels[0].at(5, 5), 0.0, 0.01);
    const auto plain = load_cell_image((*files)[0], {.grey = true});
    ASSERT_TRUE(plain);
    EXPECT_LT(plain->channels[0].at(2, 2), plain->channels[0].at(5, 5));
}

TEST(CellsegSplits, AreReadFromListsAndLines) {
    const auto splits = parse_splits(
        "# who is where\ntrain:\n  - a_1  # first\n  - \"b_2\"\n\nval: [c, 'd']\ntest: []\n"
    );
    ASSERT_TRUE(splits) << splits.error().message;
    ASSERT_EQ(splits->size(), 3U);
    EXPECT_EQ((*splits)[0].first, "train");
    EXPECT_THAT((*splits)[0].second, ElementsAre("a_1", "b_2"));
    EXPECT_THAT((*splits)[1].second, ElementsAre("c", "d"));
    EXPECT_TRUE((*splits)[2].second.empty());
    EXPECT_THAT(parse_splits("- a\n").error().message, HasSubstr("line 1"));
    EXPECT_THAT(parse_splits("train:\nnonsense\n").error().message, HasSubstr("line 2"));
    EXPECT_FALSE(parse_splits("train: {a: b}\n"));
}

std::vector<std::string> marker_groups() {
    std::vector<std::string> groups(18, "gfap");
    groups.insert(groups.end(), 17, "olig2");
    return groups;
}

TEST(CellsegSubset, DependsOnSeedBudgetAndRepeatAlone) {
    const auto groups = marker_groups();
    const Budget budget{.images = 5, .repeat = 3, .per_group = true};
    const Subset subset = draw_subset(groups, budget, 42);
    EXPECT_EQ(subset.members, draw_subset(groups, budget, 42).members);
    EXPECT_NE(subset.members, draw_subset(groups, budget, 43).members);
    EXPECT_NE(
        subset.members,
        draw_subset(groups, {.images = 5, .repeat = 4, .per_group = true}, 42).members
    );
    EXPECT_EQ(subset.effective, "gfap=5 olig2=5");
    EXPECT_EQ(std::set<std::size_t>(subset.members.begin(), subset.members.end()).size(), 10U);
}

TEST(CellsegSubset, OfAllImagesIgnoresGroups) {
    const Subset subset = draw_subset(marker_groups(), {.images = 20}, 1);
    EXPECT_EQ(subset.members.size(), 20U);
    EXPECT_EQ(subset.effective, "20");
}

TEST(CellsegSubset, ABudgetBeyondWhatThereIsNamesTheOneThatCameToTheSame) {
    const auto groups = marker_groups();
    const Budget twenty{.images = 20, .repeat = 0, .per_group = true};
    const Budget thirty{.images = 30, .repeat = 0, .per_group = true};
    EXPECT_EQ(draw_subset(groups, twenty, 1).members, draw_subset(groups, thirty, 1).members);
    EXPECT_EQ(draw_subset(groups, thirty, 1).effective, "gfap=18 olig2=17");
    EXPECT_EQ(clamped_duplicate(groups, thirty, "2,5,10,20,30").value(), "20");
    EXPECT_EQ(clamped_duplicate(groups, twenty, "2, 5, 10, 20, 30").value(), "");
    // At 17 one group is not complete yet.
    EXPECT_EQ(clamped_duplicate(groups, thirty, "17").value(), "");
    EXPECT_FALSE(clamped_duplicate(groups, thirty, "2,five"));
}

TEST(CellsegSynthetic, HasTheSplitsOfTheReportAndReadsBack) {
    const TemporaryDirectory folder;
    ASSERT_TRUE(make_cells(folder.path(), 1));
    const auto files = list_cells(folder.path());
    ASSERT_TRUE(files) << files.error().message;
    std::map<std::string, int> count;
    for (const CellFile& file : *files) {
        ++count[file.split + " " + file.group];
        ++count[file.split];
    }
    EXPECT_EQ(count["train"], 72);
    EXPECT_EQ(count["train olig2"], 17);
    EXPECT_EQ(count["train neun"], 19);
    EXPECT_EQ(count["val"], 24);
    EXPECT_EQ(count["val olig2"], 9);
    EXPECT_EQ(count["test"], 24);
    EXPECT_EQ(count["test olig2"], 4);
    const auto images = load_cell_images(*files, {});
    ASSERT_TRUE(images) << images.error().message;
    for (const CellImage& image : *images) {
        EXPECT_GE(image.cell_count, 4) << image.name;
    }
}

TEST(CellsegSynthetic, EqualSeedsMakeEqualImages) {
    const TemporaryDirectory first;
    const TemporaryDirectory second;
    ASSERT_TRUE(make_cells(first.path(), 5));
    ASSERT_TRUE(make_cells(second.path(), 5));
    for (const auto& entry : fs::recursive_directory_iterator(first.path())) {
        if (!entry.is_regular_file()) continue;
        const fs::path other = second.path() / fs::relative(entry.path(), first.path());
        std::ifstream left(entry.path(), std::ios::binary);
        std::ifstream right(other, std::ios::binary);
        ASSERT_EQ(
            std::string(std::istreambuf_iterator<char>(left), {}),
            std::string(std::istreambuf_iterator<char>(right), {})
        ) << other;
    }
}

}  // namespace
}  // namespace xorch::cellseg
