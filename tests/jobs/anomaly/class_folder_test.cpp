// The three layouts on disk, and what is refused in them.

#include "jobs/anomaly/data/class_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "jobs/anomaly/data/split_table.h"
#include "tests/support/temporary_directory.h"

namespace xorch::anomaly {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

class AnomalyFolder : public testing::Test {
 protected:
    void write(const std::string& name, const std::string& bytes = "bytes") const {
        const fs::path path = folder_ / name;
        fs::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << bytes;
    }

    void write_mvtec() const {
        for (const char* name :
             {"train/good/002.png",
              "train/good/000.png",
              "train/good/001.png",
              "test/good/000.png",
              "test/broken_large/000.png",
              "test/broken_large/001.png",
              "test/contamination/000.png",
              "ground_truth/broken_large/000_mask.png",
              "ground_truth/broken_large/001_mask.png",
              "ground_truth/contamination/000_mask.png"}) {
            write(std::string("mvtec/bottle/") + name);
        }
    }

    Result<ClassFiles> list(const std::string& dataset, const std::string& name) const {
        return list_class(folder_.path(), dataset, name);
    }

    static std::vector<std::string> names(const std::vector<ImageFile>& files) {
        std::vector<std::string> names;
        for (const ImageFile& file : files) {
            names.push_back(file.name + (file.abnormal ? " abnormal" : ""));
        }
        return names;
    }

    TemporaryDirectory folder_;
};

TEST_F(AnomalyFolder, OfMvtecIsListedInOrderWithItsMasks) {
    write_mvtec();
    write("mvtec/bottle/train/good/.hidden");
    const auto files = list("mvtec", "bottle");
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_EQ(files->layout, "mvtec");
    EXPECT_THAT(
        names(files->train),
        ElementsAre("train/good/000.png", "train/good/001.png", "train/good/002.png")
    );
    EXPECT_THAT(
        names(files->test),
        ElementsAre(
            "test/broken_large/000.png abnormal",
            "test/broken_large/001.png abnormal",
            "test/contamination/000.png abnormal",
            "test/good/000.png"
        )
    );
    EXPECT_EQ(files->test[1].mask, folder_ / "mvtec/bottle/ground_truth/broken_large/001_mask.png");
    EXPECT_EQ(files->test[3].mask, "");
}

TEST_F(AnomalyFolder, MayBeTheOneOfTheDataSetItself) {
    write_mvtec();
    EXPECT_TRUE(list_class(folder_ / "mvtec", "mvtec", "bottle"));
    EXPECT_TRUE(list_class(folder_ / "mvtec", "", "bottle"));
}

TEST_F(AnomalyFolder, OfVisaHasMasksUnderTheNamesOfTheirImages) {
    for (const char* name :
         {"train/good/0001.JPG",
          "test/good/0000.JPG",
          "test/bad/000.JPG",
          "ground_truth/bad/000.png"}) {
        write(std::string("visa/candle/") + name);
    }
    const auto files = list("visa", "candle");
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_EQ(files->layout, "visa");
    EXPECT_THAT(names(files->test), ElementsAre("test/bad/000.JPG abnormal", "test/good/0000.JPG"));
    EXPECT_EQ(files->test[0].mask, folder_ / "visa/candle/ground_truth/bad/000.png");
}

TEST_F(AnomalyFolder, OfRawVisaIsReadThroughItsTable) {
    write(
        "visa/split_csv/1cls.csv",
        "object,split,label,image,mask\n"
        "candle,train,normal,candle/Data/Images/Normal/0002.JPG,\n"
        "candle,train,normal,candle/Data/Images/Normal/0001.JPG,\n"
        "candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png\n"
        "candle,test,normal,candle/Data/Images/Normal/0000.JPG,\n"
        "pcb1,test,normal,pcb1/Data/Images/Normal/0000.JPG,\n"
    );
    const auto files = list("visa", "candle");
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_EQ(files->layout, "raw");
    EXPECT_THAT(
        names(files->train),
        ElementsAre("candle/Data/Images/Normal/0001.JPG", "candle/Data/Images/Normal/0002.JPG")
    );
    EXPECT_THAT(
        names(files->test),
        ElementsAre(
            "candle/Data/Images/Anomaly/000.JPG abnormal", "candle/Data/Images/Normal/0000.JPG"
        )
    );
    EXPECT_EQ(files->test[0].mask, folder_ / "visa/candle/Data/Masks/Anomaly/000.png");
    EXPECT_THAT(list("visa", "pcb1").error().message, HasSubstr("1cls.csv, pcb1: there is no"));
}

TEST_F(AnomalyFolder, WithHalfOfAPairIsRefusedByName) {
    write_mvtec();
    fs::remove(folder_ / "mvtec/bottle/ground_truth/contamination/000_mask.png");
    EXPECT_THAT(
        list("mvtec", "bottle").error().message,
        HasSubstr("test/contamination/000.png: an abnormal image without a mask")
    );
    write("mvtec/bottle/ground_truth/contamination/000_mask.png");
    write("mvtec/bottle/ground_truth/contamination/001_mask.png");
    EXPECT_THAT(
        list("mvtec", "bottle").error().message,
        HasSubstr("contamination/001_mask.png: a mask without its image")
    );
    write("mvtec/bottle/test/contamination/001.png");
    write("mvtec/bottle/ground_truth/contamination/001_mask.jpg");
    EXPECT_THAT(
        list("mvtec", "bottle").error().message, HasSubstr("a second mask of the image 001")
    );
}

TEST_F(AnomalyFolder, WithoutImagesOfBothKindsIsRefused) {
    write_mvtec();
    fs::remove(folder_ / "mvtec/bottle/test/good/000.png");
    EXPECT_THAT(
        list("mvtec", "bottle").error().message,
        HasSubstr("bottle: there is no normal image to test on")
    );
    fs::remove_all(folder_ / "mvtec/bottle/test/broken_large");
    fs::remove_all(folder_ / "mvtec/bottle/test/contamination");
    write("mvtec/bottle/test/good/000.png");
    EXPECT_THAT(list("mvtec", "bottle").error().message, HasSubstr("no abnormal image to test on"));
    for (const char* name : {"000.png", "001.png", "002.png"}) {
        fs::remove(folder_ / ("mvtec/bottle/train/good/" + std::string(name)));
    }
    EXPECT_THAT(list("mvtec", "bottle").error().message, HasSubstr("no normal image to train on"));
    EXPECT_THAT(list("mvtec", "cable").error().message, HasSubstr("mvtec/cable/train/good: "));
}

TEST_F(AnomalyFolder, HasAnotherManifestAsSoonAsAByteOfItDiffers) {
    write_mvtec();
    const auto hash = [&] { return hash_manifest(list("mvtec", "bottle")->test).value(); };
    const std::string first = hash();
    EXPECT_EQ(hash(), first);
    write("mvtec/bottle/ground_truth/broken_large/000_mask.png", "other");
    const std::string other = hash();
    EXPECT_NE(other, first);
    write("mvtec/bottle/ground_truth/broken_large/000_mask.png");
    EXPECT_EQ(hash(), first);
    fs::rename(
        folder_ / "mvtec/bottle/test/good/000.png", folder_ / "mvtec/bottle/test/good/001.png"
    );
    EXPECT_NE(hash(), first);
    auto files = list("mvtec", "bottle")->test;
    files[0].path += "x";
    EXPECT_THAT(hash_manifest(files).error().message, HasSubstr("000.pngx"));
}

TEST(AnomalySplitTable, FindsItsColumnsByName) {
    const auto rows =
        parse_split_table("mask,image,label,split,object\nm.png,i.JPG,anomaly,test,a\n");
    ASSERT_TRUE(rows) << rows.error().message;
    ASSERT_EQ(rows->size(), 1U);
    EXPECT_EQ(rows->front().image, "i.JPG");
    EXPECT_EQ(rows->front().mask, "m.png");
    EXPECT_TRUE(rows->front().abnormal);
    EXPECT_FALSE(rows->front().train);
}

TEST(AnomalySplitTable, OfAnythingElseIsRefusedByLine) {
    const std::string header = "object,split,label,image,mask\n";
    const auto error_of = [&](const std::string& row) {
        const auto rows = parse_split_table(header + "a,train,normal,i,\n" + row);
        return rows ? "" : rows.error().message;
    };
    EXPECT_THAT(error_of("a,val,normal,i,\n"), HasSubstr("line 3: \"val\" is neither"));
    EXPECT_THAT(error_of("a,test,bad,i,m\n"), HasSubstr("\"bad\" is neither"));
    EXPECT_THAT(error_of("a,test,anomaly,i,\n"), HasSubstr("is no mask of i"));
    EXPECT_THAT(error_of("a,train,anomaly,i,m\n"), HasSubstr("abnormal image to train on: i"));
    EXPECT_THAT(error_of("a,test,normal,../i,\n"), HasSubstr("\"../i\" is no image"));
    EXPECT_THAT(error_of("a,test,normal,/etc/i,\n"), HasSubstr("is no image"));
    EXPECT_THAT(error_of("a,test,anomaly,i,x/../../m\n"), HasSubstr("is no mask"));
    EXPECT_THAT(error_of("a,test\n"), HasSubstr("only 2 cells"));
    EXPECT_THAT(parse_split_table("a,b\n").error().message, HasSubstr("no column object"));
    EXPECT_THAT(parse_split_table("").error().message, HasSubstr("an empty table"));
}

}  // namespace
}  // namespace xorch::anomaly
