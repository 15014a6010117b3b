// Encoders: the native one, TorchScript files and their contract, texts.

#include "jobs/heatmap/encode/encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "jobs/heatmap/data/box.h"
#include "jobs/heatmap/encode/prototypes.h"
#include "jobs/heatmap/maps/similarity.h"
#include "tests/jobs/heatmap/few_scenes.h"
#include "tests/jobs/script_file.h"
#include "tests/support/temporary_directory.h"

namespace xorch::heatmap {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Green on the left, red on the right.
Picture two_halves() {
    Picture picture(image_side, image_side, Colour{20, 200, 20});
    for (int y = 0; y < image_side; ++y) {
        for (int x = image_side / 2; x < image_side; ++x) {
            picture.at(y, x) = {200, 20, 20};
        }
    }
    return picture;
}

double length_of(std::span<const float> values) {
    double squares = 0;
    for (const float value : values) {
        squares += static_cast<double>(value) * value;
    }
    return std::sqrt(squares);
}

TEST(HeatmapNativeEncoder, TellsPatchesApartByWhatTheyShow) {
    const auto encoder = make_native_encoder({.anisotropy = 0, .context = 0});
    const auto tokens = encoder->encode(two_halves());
    ASSERT_TRUE(tokens);
    EXPECT_EQ(tokens->grid, 7);
    const std::vector<float> left(tokens->patch(0).begin(), tokens->patch(0).end());
    const std::vector<float> below(tokens->patch(7).begin(), tokens->patch(7).end());
    const std::vector<float> right(tokens->patch(6).begin(), tokens->patch(6).end());
    EXPECT_EQ(left, below);
    EXPECT_NE(left, right);
}

TEST(HeatmapNativeEncoder, MixesTheImageIntoEachPatchAsFarAsAsked) {
    const auto tokens = make_native_encoder({.anisotropy = 0, .context = 0})->encode(two_halves());
    const auto mixed = make_native_encoder({.anisotropy = 0, .context = 0.5})->encode(two_halves());
    ASSERT_TRUE(tokens && mixed);
    for (std::size_t i = 0; i < tokens->image().size(); ++i) {
        EXPECT_FLOAT_EQ(mixed->image()[i], tokens->image()[i]);
        EXPECT_NEAR(
            mixed->patch(6)[i], 0.5F * tokens->patch(6)[i] + 0.5F * tokens->image()[i], 1e-6
        );
    }
}

TEST(HeatmapNativeEncoder, AnisotropySqueezesCosines) {
    const auto range_with = [](double anisotropy) {
        const auto encoder = make_native_encoder({.anisotropy = anisotropy, .context = 0});
        const Tokens tokens = encoder->encode(two_halves()).value();
        const TextFeatures text{
            .classes = {0                     },
            .width = tokens.width,
            .values = { tokens.patch(0).begin(), tokens.patch(0).end()}
        };
        const PatchMap map = compare_patches(tokens, text, 0, {}).map;
        return map.values[0] - map.values[6];
    };
    EXPECT_GT(range_with(0), 4 * range_with(3));
    EXPECT_GT(range_with(3), 0);
}

TEST(HeatmapNativeEncoder, HasAHashOfItsOptions) {
    EXPECT_EQ(make_native_encoder({})->hash(), make_native_encoder({})->hash());
    EXPECT_NE(make_native_encoder({})->hash(), make_native_encoder({.anisotropy = 2})->hash());
    EXPECT_NE(make_native_encoder({})->hash(), make_native_encoder({.context = 0.2})->hash());
}

TEST(HeatmapPrototypes, AreContrastsOfClassMeansAndAShareOfWhatAllHave) {
    Prototypes prototypes;
    const std::vector<float> first{5, 1, 0};
    const std::vector<float> second{5, -1, 0};
    prototypes.add(3, first);
    prototypes.add(3, first);
    prototypes.add(1, second);
    const TextFeatures alone = prototypes.texts(0);
    EXPECT_THAT(alone.classes, ElementsAre(1, 3));
    EXPECT_THAT(alone.values, ElementsAre(0, -1, 0, 0, 1, 0));
    const TextFeatures shared = prototypes.texts(0.5);
    EXPECT_THAT(shared.values, ElementsAre(0.5, -1, 0, 0.5, 1, 0));
    const auto again = Prototypes::from_numbers(prototypes.numbers(), 3).texts(0.5);
    EXPECT_EQ(again.values, shared.values);
    EXPECT_EQ(again.classes, shared.classes);
}

class HeatmapScript : public testing::Test {
 protected:
    std::string save(const std::string& body, const std::string& name = "network.pt") const {
        const std::string path = folder_ / name;
        save_script(path, "def forward(self, x):\n" + body);
        return path;
    }

    std::string error_of(const std::string& body) const {
        const auto opened = open_script_encoder(save(body));
        return opened ? "none" : opened.error().message;
    }

    TemporaryDirectory folder_;
};

// Mean colours of 7 x 7 patches, and of the image.
const std::string patch_colours =
    "    p = torch.avg_pool2d(x, [32, 32]).flatten(2).transpose(1, 2)\n"
    "    return torch.cat([p.mean(1, True), p], 1)\n";

TEST_F(HeatmapScript, AnswersWithTokensOfTheNormalisedImage) {
    const auto encoder = open_script_encoder(save(patch_colours));
    ASSERT_TRUE(encoder) << encoder.error().message;
    const auto tokens = (*encoder)->encode(two_halves());
    ASSERT_TRUE(tokens) << tokens.error().message;
    EXPECT_EQ(tokens->grid, 7);
    EXPECT_EQ(tokens->width, 3);
    // Red first, with the mean and deviation of CLIP's images taken out.
    EXPECT_NEAR(tokens->patch(6)[0], (200 / 255.0 - 0.48145466) / 0.26862954, 1e-4);
    EXPECT_NEAR(tokens->patch(0)[1], (200 / 255.0 - 0.4578275) / 0.26130258, 1e-4);
    EXPECT_NEAR(tokens->patch(0)[2], (20 / 255.0 - 0.40821073) / 0.27577711, 1e-4);
    EXPECT_GT(length_of(tokens->image()), 0);
}

TEST_F(HeatmapScript, ThatBreaksItsContractIsRefusedByNameAndReason) {
    EXPECT_EQ(error_of(patch_colours), "none");
    EXPECT_THAT(error_of("    return x\n"), HasSubstr("[1,1+P,D] with a square P is expected"));
    EXPECT_THAT(
        error_of("    return x.flatten(2).transpose(1, 2)[:, :12]\n"),
        HasSubstr("answers with [1,12,3]")
    );
    EXPECT_THAT(
        error_of("    return x.flatten(2).transpose(1, 2)[:, :5] / 0\n"),
        HasSubstr("NaN or infinity")
    );
    EXPECT_THAT(
        error_of("    return torch.rand([1, 5, 3])\n"), HasSubstr("the same image in two ways")
    );
    EXPECT_THAT(
        error_of("    return x.flatten(2).transpose(1, 2)[:, :5].double()\n"),
        HasSubstr("not with f32")
    );
    EXPECT_THAT(error_of("    return torch.mm(x, x)\n"), HasSubstr("network.pt: the TorchScript"));
    const auto missing = open_script_encoder(folder_ / "none.pt");
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, HasSubstr("none.pt"));
}

TEST_F(HeatmapScript, TextsComeFromAModuleThatIsAskedWithTokens) {
    ClassRows tokens;
    tokens[2] = std::vector<double>(77, 1);
    tokens[0] = std::vector<double>(77, 3);
    const auto texts = encode_texts(save("    return x.float()[:, :2] * 2\n"), tokens);
    ASSERT_TRUE(texts) << texts.error().message;
    EXPECT_THAT(texts->classes, ElementsAre(0, 2));
    EXPECT_THAT(texts->values, ElementsAre(6, 6, 2, 2));
    const auto wrong = encode_texts(save("    return x.float()[0]\n"), tokens);
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().message, HasSubstr("network.pt: the network answers with [77]"));
    tokens[0] = {1, 2};
    const auto short_row = encode_texts(save("    return x.float()\n"), tokens);
    ASSERT_FALSE(short_row);
    EXPECT_THAT(short_row.error().message, HasSubstr("the row of airplane is not 77 tokens"));
}

TEST_F(HeatmapScript, ServesAUnitInPlaceOfTheNativeEncoder) {
    make_few_scenes(folder_ / "scenes");
    std::string table;
    for (ClassNumber number = 0; number < class_count; ++number) {
        table += std::string(name_of(number));
        for (int token = 0; token < 77; ++token) {
            table += "," + std::to_string(number * (token + 1) % 7);
        }
        table += "\n";
    }
    write_bytes(folder_ / "tokens.csv", table);
    const Object with_modules = params(
        "data",
        folder_ / "scenes",
        "model",
        save(patch_colours),
        "text_model",
        save("    return x.float()[:, :3]\n", "texts.pt"),
        "text_tokens",
        folder_ / "tokens.csv"
    );
    const UnitRun features = run_alone("heatmap.features", with_modules, folder_ / "features");
    ASSERT_EQ(features.error, "");
    EXPECT_EQ(*find_member(features.records[0], "texts"), Value("text_model"));
    EXPECT_EQ(*find_member(features.records[0], "classes"), Value(class_count));
    Inputs inputs;
    inputs.add("features", {}, features);
    const UnitRun maps = run_alone("heatmap.maps", {}, folder_ / "maps", {.inputs = inputs.json()});
    ASSERT_EQ(maps.error, "");
    EXPECT_EQ(*find_member(maps.records[0], "samples"), Value(8));
}

}  // namespace
}  // namespace xorch::heatmap
