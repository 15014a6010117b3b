#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "jobs/files/png_file.h"
#include "jobs/pix2pix/data/letterbox.h"
#include "jobs/pix2pix/data/pair_set.h"
#include "jobs/pix2pix/data/skull.h"
#include "jobs/pix2pix/data/synthetic.h"
#include "jobs/pix2pix/data/text_encoding.h"
#include "tests/support/temporary_directory.h"

namespace xorch::pix2pix {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

template <class T>
std::string refusal(const Result<T>& result) {
    return result ? "accepted" : result.error().message;
}

void write_picture(const std::string& path, int width, int height, std::uint8_t grey) {
    fs::create_directories(fs::path(path).parent_path());
    ASSERT_TRUE(write_png(path, Picture(height, width, Colour{grey, grey, grey})));
}

void write_text(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

TEST(Pix2pixGolden, G06AWideImageIsLetterboxedWithRoundedSizes) {
    const Letterbox box = fit_letterbox({.width = 1520, .height = 1236}, 512);
    EXPECT_NEAR(box.scale, 0.336842, 1e-6);
    EXPECT_EQ(box.width, 512);
    EXPECT_EQ(box.height, 416);
    EXPECT_EQ(box.top, 48);
    EXPECT_EQ(512 - box.height - box.top, 48);
    EXPECT_EQ(box.left, 0);
}

TEST(Pix2pixLetterbox, BordersAreMinusOneAndChannelsKeepTheirOrder) {
    Raster image{.height = 2, .width = 4, .channels = 3, .samples = {}};
    for (int i = 0; i < 8; ++i) {
        image.samples.insert(image.samples.end(), {10, 20, 255});
    }
    const auto canvas = letterbox_image(image, 3, 4);
    ASSERT_EQ(canvas.size(), 48U);
    for (std::size_t channel = 0; channel < 3; ++channel) {
        const std::uint8_t value = std::array<std::uint8_t, 3>{10, 20, 255}[channel];
        for (std::size_t i = 0; i < 16; ++i) {
            EXPECT_EQ(canvas[16 * channel + i], i < 4 || i >= 12 ? 0 : value);
        }
    }
    EXPECT_EQ(to_signed(canvas[0]), -1.0F);
    EXPECT_EQ(to_signed(255), 1.0F);
    EXPECT_EQ(to_byte(to_signed(77)), 77);
    EXPECT_EQ(letterbox_image(image, 1, 4)[5], 44);  // 0.299 * 10 + 0.587 * 20 + 0.114 * 255
}

TEST(Pix2pixLetterbox, SixteenBitsBecomeEight) {
    Raster image{.height = 1, .width = 1, .channels = 1, .samples = {65535}};
    EXPECT_EQ(letterbox_image(image, 1, 1)[0], 255);
}

TEST(Pix2pixLetterbox, LandmarksMoveWithTheImage) {
    Landmarks landmarks{};
    landmarks[0] = {.x = 0, .y = 0};
    landmarks[1] = {.x = 4, .y = 2};
    const Landmarks moved = to_canvas(landmarks, {.width = 4, .height = 2}, 8);
    EXPECT_EQ(moved[0], (Point{.x = 0, .y = 0.25}));
    EXPECT_EQ(moved[1], (Point{.x = 1, .y = 0.75}));
}

TEST(Pix2pixSynthetic, PairsAreInTheClinicalLayoutWithTheirLandmarksInside) {
    const TemporaryDirectory folder;
    ASSERT_TRUE(make_pairs(folder.path(), 1, {.train = 12, .others = 10}));
    const auto listing = list_pairs(folder.path());
    ASSERT_TRUE(listing) << listing.error().message;
    EXPECT_EQ(listing->layout, "clinical");
    EXPECT_EQ(listing->splits[0].size(), 12U);
    EXPECT_EQ(listing->splits[1].size(), 10U);
    EXPECT_EQ(listing->splits[2].size(), 10U);
    const auto pairs = load_pairs(*listing, 64);
    ASSERT_TRUE(pairs) << pairs.error().message;
    for (const int id : stubborn_ids) {
        EXPECT_TRUE(pairs->val().find(std::to_string(id)).has_value()) << id;
    }
    for (const PairSet& set : pairs->sets) {
        ASSERT_EQ(set.landmarks.size(), set.size());
        for (std::size_t pair = 0; pair < set.size(); ++pair) {
            for (const auto& [x, y] : set.landmarks[pair]) {
                EXPECT_GT(x, 0.05);
                EXPECT_LT(x, 0.95);
                EXPECT_GT(y, 0.05);
                EXPECT_LT(y, 0.95);
            }
        }
    }
}

TEST(Pix2pixSynthetic, EqualSeedsMakeEqualPairsAndOthersMakeOthers) {
    const TemporaryDirectory folder;
    std::vector<PairSplits> made;
    for (const auto& [name, seed] : {
             std::pair{"a", 1U},
             {"b", 1U},
             {"c", 2U}
    }) {
        fs::create_directories(folder / name);
        ASSERT_TRUE(make_pairs(folder / name, seed, {.train = 3, .others = 9}));
        made.push_back(*load_pairs(*list_pairs(folder / name), 32));
    }
    EXPECT_EQ(made[0].train().inputs, made[1].train().inputs);
    EXPECT_EQ(made[0].val().targets, made[1].val().targets);
    EXPECT_NE(made[0].train().ids, made[2].train().ids);
}

TEST(Pix2pixSynthetic, ThePhotoDoesNotShowTheOffsetOfTheJaws) {
    Head head;
    RandomStream random(1, "photo");
    const auto photo = draw_photo(head, random);
    head.offset = 0.08;
    RandomStream again(1, "photo");
    EXPECT_EQ(draw_photo(head, again), photo);
    RandomStream first(1, "xray");
    RandomStream second(1, "xray");
    const auto displaced = draw_xray(head, first);
    head.offset = 0;
    EXPECT_NE(draw_xray(head, second), displaced);
}

TEST(Pix2pixPairs, TwoFoldersAndSideBySideImagesHoldTheSamePairs) {
    const TemporaryDirectory folder;
    for (const std::string split : {"train", "val"}) {
        for (const std::string name : {"10", "9"}) {
            // Named as what it is not: the contents decide.
            const std::string photo = folder / ("ab/A/" + split + "/" + name);
            write_picture(photo + ".png", 4, 4, 50);
            fs::rename(photo + ".png", photo + ".jpg");
            write_picture(folder / ("ab/B/" + split + "/" + name + ".png"), 4, 4, 200);
            Picture both(4, 8, Colour{50, 50, 50});
            for (int y = 0; y < 4; ++y) {
                for (int x = 4; x < 8; ++x) {
                    both.at(y, x) = {200, 200, 200};
                }
            }
            fs::create_directories(folder / ("one/" + split));
            ASSERT_TRUE(write_png(folder / ("one/" + split + "/" + name + ".png"), both));
        }
    }
    const auto two = list_pairs(folder / "ab");
    const auto one = list_pairs(folder / "one");
    ASSERT_TRUE(two) << two.error().message;
    ASSERT_TRUE(one) << one.error().message;
    EXPECT_EQ(two->layout, "two folders");
    EXPECT_EQ(one->layout, "side by side");
    const auto first = load_pairs(*two, 8);
    const auto second = load_pairs(*one, 8);
    ASSERT_TRUE(first) << first.error().message;
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_THAT(first->train().ids, ElementsAre("9", "10"));
    EXPECT_EQ(first->train().inputs, second->train().inputs);
    EXPECT_EQ(first->train().targets, second->train().targets);
    EXPECT_EQ(first->train().targets[0], 200);
}

TEST(Pix2pixPairs, TablesOfPairsAndFoldersInGb18030AreFollowed) {
    const TemporaryDirectory folder;
    write_text(folder / "pairs_train.csv", "id,input_path,target_path\n5,in/5.png,out/5.png\n");
    write_text(folder / "val_ids.csv", "6\n");
    write_text(folder / "test_ids.csv", "id\n");
    const std::string val = *to_gb18030(split_folders[1]);
    write_picture(folder / "in/5.png", 4, 4, 1);
    write_picture(folder / "out/5.png", 4, 4, 2);
    write_picture(folder / (val + "/" + *to_gb18030(photo_folder) + "/6.2.png"), 4, 4, 3);
    write_picture(folder / (val + "/" + *to_gb18030(xray_folder) + "/6.1.png"), 4, 4, 4);
    const auto listing = list_pairs(folder.path());
    ASSERT_TRUE(listing) << listing.error().message;
    const auto pairs = load_pairs(*listing, 4);
    ASSERT_TRUE(pairs) << pairs.error().message;
    EXPECT_EQ(pairs->train().targets[0], 2);
    EXPECT_EQ(pairs->val().inputs[0], 3);
    EXPECT_EQ(pairs->test().size(), 0U);
}

TEST(Pix2pixPairs, WhatIsNoDataSetIsRefusedWithFileAndReason) {
    const TemporaryDirectory folder;
    EXPECT_THAT(refusal(list_pairs(folder.path())), HasSubstr(folder.path() + ": no train_ids"));
    ASSERT_TRUE(make_pairs(folder.path(), 1, {.train = 2, .others = 9}));
    const auto listing = list_pairs(folder.path());
    ASSERT_TRUE(listing);
    const std::string broken = listing->splits[0][1].target;
    write_text(broken, "no image");
    EXPECT_THAT(refusal(load_pairs(*listing, 16)), HasSubstr(broken));
    fs::remove(broken);
    EXPECT_THAT(refusal(load_pairs(*listing, 16)), HasSubstr(broken));
    write_text(folder / "data.csv", "1\n");
    EXPECT_THAT(refusal(list_pairs(folder.path())), HasSubstr("data.csv: no case "));
    write_text(folder / "landmarks.csv", "7,1\n");
    fs::remove(folder / "data.csv");
    EXPECT_THAT(refusal(list_pairs(folder.path())), HasSubstr("landmarks.csv: line 1: 2 cells"));
    write_text(folder / "train_ids.csv", "\xff\xff");
    EXPECT_THAT(refusal(list_pairs(folder.path())), HasSubstr("train_ids.csv: neither UTF-8"));
    write_text(folder / "train_ids.csv", "");
    EXPECT_THAT(refusal(list_pairs(folder.path())), HasSubstr("no pair of train"));
}

TEST(Pix2pixPairs, AnImageWithoutItsPartnerIsRefused) {
    const TemporaryDirectory folder;
    write_picture(folder / "A/train/1.png", 4, 4, 1);
    write_picture(folder / "B/train/2.png", 4, 4, 1);
    EXPECT_THAT(refusal(list_pairs(folder.path())), HasSubstr("1.png: no such image in B"));
    write_picture(folder / "B/train/1.png", 4, 4, 1);
    EXPECT_THAT(refusal(list_pairs(folder.path())), HasSubstr("2.png: no such image in A"));
}

TEST(Pix2pixPairs, StoredPairsComeBackWhole) {
    const TemporaryDirectory folder;
    ASSERT_TRUE(make_pairs(folder.path(), 3, {.train = 2, .others = 9}));
    const auto pairs = load_pairs(*list_pairs(folder.path()), 16);
    ASSERT_TRUE(pairs);
    JobState state = store_pairs(*pairs);
    const auto back = restore_pairs(state);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->train().ids, pairs->train().ids);
    EXPECT_EQ(back->val().inputs, pairs->val().inputs);
    EXPECT_EQ(back->test().targets, pairs->test().targets);
    EXPECT_EQ(back->val().landmarks, pairs->val().landmarks);
    EXPECT_EQ(target_plane(back->train(), 0).values.size(), 256U);
    for (StoredTensor& tensor : state.tensors) {
        if (tensor.name == "train.inputs") tensor.bytes.pop_back();
    }
    EXPECT_THAT(refusal(restore_pairs(state)), HasSubstr("train.inputs is missing, or not"));
}

}  // namespace
}  // namespace xorch::pix2pix
