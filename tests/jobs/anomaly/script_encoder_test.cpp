// TorchScript encoders of the user's: what the contract demands.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "jobs/anomaly/encode/encoder.h"
#include "jobs/files/npy_array.h"
#include "jobs/torch/torch.h"
#include "tests/jobs/script_file.h"
#include "tests/support/temporary_directory.h"

namespace xorch::anomaly {
namespace {

using testing::HasSubstr;

// Colours of 5 x 5 patches: of the whole image, of patches, and twice as features.
constexpr const char* whole_script = R"(
def forward(self, x):
    patches = torch.avg_pool2d(x, [48, 48]).flatten(2).transpose(1, 2)
    return (x.mean([2, 3]), patches, torch.abs(patches), patches * 2.0)
)";

class AnomalyScript : public testing::Test {
 protected:
    std::string save_encoder(const std::string& source) const {
        save_script(folder_ / "encoder.pt", source);
        return folder_ / "encoder.pt";
    }

    std::string error_of(const std::string& source) const {
        const auto encoder = open_encoder(save_encoder(source), "");
        return encoder ? "" : encoder.error().message;
    }

    std::string save_npy(const std::string& name, std::vector<float> values) const {
        const std::size_t columns = values.size() / 2;
        std::ofstream(folder_ / name, std::ios::binary)
            << npy_header("<f4", {2, columns})
            << std::string_view(
                   reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)
               );
        return folder_ / name;
    }

    std::string save_tensor(const std::string& name, const torch::IValue& value) const {
        const std::vector<char> bytes = torch::pickle_save(value);
        std::ofstream(folder_ / name, std::ios::binary)
            .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        return folder_ / name;
    }

    TemporaryDirectory folder_;
};

TEST_F(AnomalyScript, IsAskedAsTheContractSays) {
    const auto encoder = open_encoder(save_encoder(whole_script), "");
    ASSERT_TRUE(encoder) << encoder.error().message;
    EXPECT_EQ((*encoder)->side(), 240);
    std::vector<Plane> image(3, Plane(240, 240, 1.0F));
    image[0] = Plane(240, 240, -2.0F);
    const auto encoded = (*encoder)->encode(image);
    ASSERT_TRUE(encoded) << encoded.error().message;
    EXPECT_EQ(encoded->grid_side, 5);
    EXPECT_EQ(encoded->whole.rows, 1);
    EXPECT_EQ(encoded->patches.rows, 25);
    EXPECT_NEAR(encoded->patches.row(7)[0], -2 / std::sqrt(6.0), 1e-5);
    EXPECT_NEAR(encoded->levels[0].row(7)[0], 2 / std::sqrt(6.0), 1e-5);
    // Whatever its length was, it is 1 now.
    EXPECT_EQ(encoded->levels[1].values, encoded->patches.values);
}

TEST_F(AnomalyScript, ThatBreaksTheContractIsRefusedWithWhatItAnswers) {
    EXPECT_THAT(error_of("def forward(self, x): return x\n"), HasSubstr("a tuple of tensors"));
    EXPECT_THAT(error_of("def forward(self, x): return (x, x)\n"), HasSubstr("with 2 tensors, 4"));
    EXPECT_THAT(
        error_of("def forward(self, x): return (x, x, x, x)\n"), HasSubstr("[N,D], [N,P,D] and")
    );
    const std::string begin =
        "def forward(self, x):\n    p = torch.avg_pool2d(x, [48, 48]).flatten(2).transpose(1, 2)\n";
    EXPECT_THAT(
        error_of(begin + "    return (x.mean([2, 3]), p, p, p[:, :9])\n"),
        HasSubstr("[2,9,3], [2,25,3] is expected")
    );
    EXPECT_THAT(
        error_of(begin + "    return (x.mean([2, 3]), p[:, :7], p[:, :7], p[:, :7])\n"),
        HasSubstr("7 patches are no square grid")
    );
    EXPECT_THAT(
        error_of(begin + "    return (x.mean([2, 3]), p / 0.0, p, p)\n"),
        HasSubstr("NaN or infinity")
    );
    EXPECT_THAT(
        error_of(begin + "    return (x.mean([2, 3]), torch.rand_like(p), p, p)\n"),
        HasSubstr("in two ways")
    );
    std::ofstream(folder_ / "encoder.pt") << "no module";
    EXPECT_THAT(
        open_encoder(folder_ / "encoder.pt", "").error().message,
        HasSubstr("encoder.pt: no TorchScript")
    );
}

TEST_F(AnomalyScript, HasItsTextsFromAnArrayOrATensorOrAFolderOfThem) {
    const std::string script = save_encoder(whole_script);
    const auto texts_from = [&](const std::string& path) {
        const auto encoder = open_encoder(script, path);
        return (*encoder)->texts("bottle");
    };
    const std::vector<float> values{3, 0, 4, 0, 2, 0};
    const std::vector<float> expected{0.6F, 0, 0.8F, 0, 1, 0};
    const auto npy = texts_from(save_npy("texts.npy", values));
    ASSERT_TRUE(npy) << npy.error().message;
    EXPECT_EQ(npy->values, expected);
    const auto saved = texts_from(save_tensor("texts.pt", torch::tensor(values).view({2, 3})));
    ASSERT_TRUE(saved) << saved.error().message;
    EXPECT_EQ(saved->values, expected);
    save_npy("bottle.npy", values);
    EXPECT_EQ(texts_from(folder_.path())->values, expected);
}

TEST_F(AnomalyScript, RefusesTextsThatDoNotFit) {
    const std::string script = save_encoder(whole_script);
    const auto error_with = [&](const std::string& path) {
        const auto encoder = open_encoder(script, path);
        const auto texts = (*encoder)->texts("bottle");
        return texts ? std::string() : texts.error().message;
    };
    EXPECT_THAT(error_with(""), HasSubstr("the parameter texts"));
    EXPECT_THAT(error_with(folder_ / "none"), HasSubstr("none"));
    EXPECT_THAT(error_with(folder_.path()), HasSubstr("no bottle.npy or .pt"));
    EXPECT_THAT(
        error_with(save_npy("short.npy", {1, 0, 0, 1})),
        HasSubstr("short.npy: texts of 2 x 2 numbers, 2 x 3 are expected")
    );
    EXPECT_THAT(error_with(save_npy("nan.npy", {1, 0, 0, NAN, 0, 1})), HasSubstr("NaN"));
    EXPECT_THAT(error_with(save_tensor("flat.pt", torch::ones({6}))), HasSubstr("two dimensions"));
    std::ofstream(folder_ / "text.pt") << "no tensor";
    EXPECT_THAT(error_with(folder_ / "text.pt"), HasSubstr("text.pt: no saved tensor"));
}

}  // namespace
}  // namespace xorch::anomaly
