// Data sets on disk: where files lie, what is refused, what the made ones hold.

#include "jobs/heatmap/data/dior_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "jobs/files/file_bytes.h"
#include "jobs/heatmap/data/scene.h"
#include "jobs/heatmap/data/synthetic.h"
#include "tests/support/temporary_directory.h"

namespace xorch::heatmap {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

class HeatmapFolder : public testing::Test {
 protected:
    static void SetUpTestSuite() {
        made_ = new TemporaryDirectory;
        ASSERT_TRUE(make_scenes(made_->path(), 3));
    }

    static void TearDownTestSuite() {
        delete made_;
        made_ = nullptr;
    }

    // A copy of the made set that a test may move about and spoil.
    fs::path copy() {
        const fs::path place = folder_ / "set";
        fs::copy(made_->path(), place, fs::copy_options::recursive);
        return place;
    }

    static std::string error_of(const fs::path& root, const std::string& split = "test") {
        const auto images = list_split(root.string(), split);
        if (!images) return images.error().message;
        for (const DiorImage& image : *images) {
            const auto scene = load_scene(image);
            if (!scene) return scene.error().message;
        }
        return "";
    }

    static void write(const fs::path& path, const std::string& bytes) {
        ASSERT_TRUE(write_bytes(path.string(), {bytes}));
    }

    static TemporaryDirectory* made_;
    TemporaryDirectory folder_;
};

TemporaryDirectory* HeatmapFolder::made_ = nullptr;

const char* const boxes_folder = "Annotations/Horizontal Bounding Boxes";

std::vector<std::string> ids_of(const fs::path& root, const std::string& split) {
    std::vector<std::string> ids;
    const auto images = list_split(root.string(), split);
    for (const DiorImage& image : images.value()) {
        ids.push_back(image.id);
    }
    return ids;
}

TEST_F(HeatmapFolder, OfMadeScenesHasEightClassesInThreeSplitsThatShareNoImage) {
    const std::map<std::string, std::size_t> sizes{
        {"train", 160},
        {"val",   16 },
        {"test",  48 }
    };
    for (const auto& [split, size] : sizes) {
        const auto images = list_split(made_->path(), split);
        ASSERT_TRUE(images) << images.error().message;
        EXPECT_EQ(images->size(), size);
        std::map<ClassNumber, int> per_class;
        for (const DiorImage& image : *images) {
            const auto scene = load_scene(image);
            ASSERT_TRUE(scene) << scene.error().message;
            ASSERT_EQ(scene->boxes.size(), 1U);
            ++per_class[scene->boxes[0].of];
        }
        EXPECT_EQ(per_class.size(), 8U);
    }
    const auto train = list_split(made_->path(), "train");
    const auto test = list_split(made_->path(), "test");
    EXPECT_TRUE(shared_ids(*train, *test).empty());
    EXPECT_EQ(shared_ids(*test, *test).size(), 48U);
}

TEST_F(HeatmapFolder, OfEqualOptionsHasEqualFilesAndOfAnotherSeedOthers) {
    const auto bytes = [](const fs::path& root) {
        return read_bytes((root / "JPEGImages-test/00180.jpg").string()).value() +
               read_bytes((root / boxes_folder / "00180.xml").string()).value();
    };
    const fs::path again = folder_ / "again";
    const fs::path other = folder_ / "other";
    fs::create_directories(again);
    fs::create_directories(other);
    ASSERT_TRUE(make_scenes(again.string(), 3));
    ASSERT_TRUE(make_scenes(other.string(), 4));
    EXPECT_EQ(bytes(again), bytes(made_->path()));
    EXPECT_NE(bytes(other), bytes(made_->path()));
}

TEST_F(HeatmapFolder, InsideOfItselfIsTheSameSet) {
    const fs::path root = copy();
    for (const char* name :
         {"JPEGImages-trainval", "JPEGImages-test", "Annotations", "ImageSets"}) {
        fs::rename(root / name, root / "inner");
        fs::create_directories(root / name);
        fs::rename(root / "inner", root / name / name);
    }
    EXPECT_EQ(ids_of(root, "test"), ids_of(made_->path(), "test"));
    EXPECT_EQ(error_of(root), "");
}

TEST_F(HeatmapFolder, InItsTidyFormIsTheSameSet) {
    const fs::path root = copy();
    fs::create_directories(root / "images");
    fs::create_directories(root / "annotations");
    fs::rename(root / "JPEGImages-trainval", root / "images/trainval");
    fs::rename(root / "JPEGImages-test", root / "images/test");
    fs::rename(root / boxes_folder, root / "annotations/horizontal");
    fs::rename(root / "ImageSets/Main", root / "splits");
    EXPECT_EQ(ids_of(root, "train"), ids_of(made_->path(), "train"));
    EXPECT_EQ(error_of(root), "");
}

TEST_F(HeatmapFolder, ThatLacksSomethingIsRefusedByTheNameOfWhatIsMissing) {
    const fs::path root = copy();
    EXPECT_THAT(error_of(root / "nowhere"), HasSubstr("nowhere: there is no such folder"));
    EXPECT_THAT(error_of(root / "ImageSets"), HasSubstr("neither JPEGImages-*/"));
    EXPECT_THAT(error_of(root, "dev"), HasSubstr("ImageSets/Main/dev.txt"));
    fs::remove(root / boxes_folder / "00180.xml");
    EXPECT_THAT(error_of(root), HasSubstr("00180.xml: there is no such annotation"));
    fs::remove(root / "JPEGImages-test/00179.jpg");
    EXPECT_THAT(error_of(root), HasSubstr("test.txt: there is no image of 00179"));
    write(root / "ImageSets/Main/test.txt", "\n \n");
    EXPECT_THAT(error_of(root), HasSubstr("test.txt: names no image"));
}

TEST_F(HeatmapFolder, WithAnImageTwiceIsRefused) {
    const fs::path root = copy();
    fs::copy(root / "JPEGImages-test/00180.jpg", root / "JPEGImages-trainval/00180.png");
    EXPECT_THAT(error_of(root), HasSubstr("a second image beside"));
    fs::remove(root / "JPEGImages-trainval/00180.png");
    write(root / "ImageSets/Main/test.txt", "00180\n00179\n00180\n");
    EXPECT_THAT(error_of(root), HasSubstr("00180 is there twice"));
    write(root / "ImageSets/Main/test.txt", "../../secret\n");
    EXPECT_THAT(error_of(root), HasSubstr("is no name of an image"));
}

TEST_F(HeatmapFolder, WhoseFilesContradictEachOtherIsRefusedByName) {
    const fs::path root = copy();
    write(root / "ImageSets/Main/test.txt", "00180 1\r\n");
    const fs::path annotation = root / boxes_folder / "00180.xml";
    const std::string text = read_bytes(annotation.string()).value();
    const auto spoiled = [&](const std::string& from, const std::string& to) {
        std::string other = text;
        other.replace(other.find(from), from.size(), to);
        write(annotation, other);
        return error_of(root);
    };
    EXPECT_EQ(spoiled("<width>", "<width>"), "");
    EXPECT_THAT(
        spoiled("<width>224<", "<width>225<"),
        HasSubstr("00180.xml: says 225 x 224, the image has 224 x 224")
    );
    EXPECT_THAT(spoiled("<name>", "<name>un"), HasSubstr("is no class of DIOR"));
    EXPECT_THAT(spoiled("</object>", ""), HasSubstr("00180.xml: no XML"));
    write(root / "JPEGImages-test/00180.jpg", "no image");
    EXPECT_THAT(error_of(root), HasSubstr("00180.jpg: neither PNG"));
}

TEST_F(HeatmapFolder, BoxesOfALargeImageAreThoseOfTheSquareThatItBecomes) {
    const fs::path root = copy();
    write(root / "ImageSets/Main/test.txt", "00180");
    // PGM is none of the known formats; an array is, and needs no library here.
    std::string pixels = "\x93NUMPY\x01";
    pixels += std::string(1, '\0');
    const std::string header =
        "{'descr': '|u1', 'fortran_order': False, 'shape': (448, 896, 3), }\n";
    pixels += static_cast<char>(header.size());
    pixels += std::string(1, '\0') + header + std::string(448 * 896 * 3, 'x');
    fs::remove(root / "JPEGImages-test/00180.jpg");
    write(root / "JPEGImages-test/00180.npy", pixels);
    write(
        root / boxes_folder / "00180.xml",
        "<annotation><size><width>896</width><height>448</height></size><object><name>dam</name>"
        "<bndbox><xmin>9</xmin><ymin>9</ymin><xmax>896</xmax><ymax>17</ymax></bndbox></object>"
        "</annotation>"
    );
    const auto images = list_split(root.string(), "test");
    ASSERT_TRUE(images) << images.error().message;
    const auto scene = load_scene(images->at(0));
    ASSERT_TRUE(scene) << scene.error().message;
    EXPECT_EQ(scene->picture.width, image_side);
    EXPECT_EQ(scene->boxes[0].box, (Box{2, 4, 224, 8}));
    EXPECT_EQ(scene->picture.at(100, 100), (Colour{'x', 'x', 'x'}));
}

}  // namespace
}  // namespace xorch::heatmap
