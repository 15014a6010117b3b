// The networks, what they learn from, and the contract of a module of the user's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "jobs/pix2pix/learn/generator_translator.h"
#include "jobs/pix2pix/learn/losses.h"
#include "jobs/pix2pix/learn/pair_trainer.h"
#include "jobs/pix2pix/scores/pair_scores.h"
#include "jobs/random/random_stream.h"
#include "tests/jobs/script_file.h"
#include "tests/support/temporary_directory.h"

namespace xorch::pix2pix {
namespace {

using testing::HasSubstr;

torch::Tensor random_tensor(std::vector<std::int64_t> shape, const char* purpose) {
    RandomStream random(5, purpose);
    torch::Tensor tensor = torch::empty(shape, torch::kFloat64);
    for (std::int64_t i = 0; i < tensor.numel(); ++i) {
        tensor.data_ptr<double>()[i] = random.uniform(-1, 1);
    }
    return tensor;
}

Plane plane_of(const torch::Tensor& image) {
    Plane plane(static_cast<int>(image.size(0)), static_cast<int>(image.size(1)));
    const torch::Tensor flat = image.to(torch::kFloat32).contiguous();
    std::copy_n(flat.data_ptr<float>(), plane.values.size(), plane.values.begin());
    return plane;
}

// Boxes that differ from pair to pair.
std::vector<Regions> moved_regions(int side) {
    std::vector<Regions> regions{regions_of(side), regions_of(side)};
    for (PixelBox& box : regions[1]) {
        box.left -= 2;
        box.bottom += 1;
    }
    return regions;
}

TEST(Pix2pixLosses, TermsAreThoseOfTheScoresOnPlainPlanes) {
    constexpr int side = 16;
    const torch::Tensor made = random_tensor({2, 1, side, side}, "made");
    const torch::Tensor truth = random_tensor({2, 1, side, side}, "truth");
    const std::vector<Regions> regions = moved_regions(side);
    const torch::Tensor logits = torch::zeros({2, 1, 3, 3}, torch::kFloat64);
    const GeneratorLoss how{
        .judgement = 0.5,
        .l1 = 3,
        .edge = 7,
        .regions = {.is_on = true, .l1 = 11, .edge = 13, .weights = {1, 2, 0.25}, .ab_edge = 3}
    };
    double expected = 0.5 * std::log(2.0);
    for (std::int64_t pair = 0; pair < 2; ++pair) {
        const Plane first = plane_of(made[pair][0]);
        const Plane second = plane_of(truth[pair][0]);
        const PairScore score = score_pair(first, second, regions[static_cast<std::size_t>(pair)]);
        expected += (3 * score.l1 + 7 * mean_of_plane(edge_distance(first, second))) / 2;
        for (std::size_t region = 0; region < region_count; ++region) {
            const double edge = region == region_ab ? 39 : 13;
            expected += how.regions.weights[region] *
                        (11 * score.regions[region].l1 + edge * score.regions[region].edge) / 2;
        }
    }
    EXPECT_NEAR(generator_loss(how, logits, made, truth, regions).item<double>(), expected, 1e-5);
}

TEST(Pix2pixLosses, JudgementIsTheCrossEntropyOfLogits) {
    const torch::Tensor logits = torch::tensor({2.0, -1.0}, torch::kFloat64);
    const auto expected = [](double sign) {
        return (std::log1p(std::exp(-sign * 2)) + std::log1p(std::exp(sign))) / 2;
    };
    EXPECT_NEAR(judgement_loss(logits, true).item<double>(), expected(1), 1e-12);
    EXPECT_NEAR(judgement_loss(logits, false).item<double>(), expected(-1), 1e-12);
}

TEST(Pix2pixLosses, GradientsAreThoseOfSmallDifferences) {
    constexpr int side = 10;
    torch::Tensor made = random_tensor({2, 1, side, side}, "made").requires_grad_();
    const torch::Tensor truth = random_tensor({2, 1, side, side}, "truth");
    const torch::Tensor logits = random_tensor({2, 1, 2, 2}, "logits").requires_grad_();
    const std::vector<Regions> regions(2, regions_of(side));
    const GeneratorLoss how{
        .l1 = 5, .edge = 2, .regions = {.is_on = true, .l1 = 3, .edge = 4, .ab_edge = 2}
    };
    const auto loss = [&] { return generator_loss(how, logits, made, truth, regions); };
    loss().backward();
    const torch::NoGradGuard no_gradients;
    constexpr double step = 1e-6;
    for (torch::Tensor* tensor : {&made, const_cast<torch::Tensor*>(&logits)}) {
        for (std::int64_t i = 0; i < tensor->numel(); i += 7) {
            double* value = tensor->data_ptr<double>() + i;
            const double at = *value;
            *value = at + step;
            const double above = loss().item<double>();
            *value = at - step;
            const double below = loss().item<double>();
            *value = at;
            const double gradient = tensor->grad().contiguous().data_ptr<double>()[i];
            EXPECT_NEAR(gradient, (above - below) / (2 * step), 1e-6) << i;
        }
    }
}

TEST(Pix2pixLosses, WithoutTheirSwitchRegionsCountForNothing) {
    const torch::Tensor made = random_tensor({1, 1, 8, 8}, "made");
    const torch::Tensor truth = random_tensor({1, 1, 8, 8}, "truth");
    const torch::Tensor logits = torch::zeros({1, 1, 1, 1}, torch::kFloat64);
    const std::vector<Regions> regions{regions_of(8)};
    GeneratorLoss how{.regions = {.l1 = 1000}};
    const double off = generator_loss(how, logits, made, truth, regions).item<double>();
    EXPECT_NEAR(off, std::log(2.0) + 100 * (made - truth).abs().mean().item<double>(), 1e-9);
    how.regions.is_on = true;
    EXPECT_GT(generator_loss(how, logits, made, truth, regions).item<double>(), off + 100);
}

TEST(Pix2pixNetworks, TheGeneratorKeepsTheSideAndTheOriginalsWidths) {
    torch::manual_seed(1);
    UnetGenerator generator(GeneratorShape{.depth = 5, .width = 8});
    begin_weights(*generator);
    EXPECT_EQ(
        generator->forward(torch::zeros({2, 3, 64, 64})).sizes(), torch::IntArrayRef({2, 1, 64, 64})
    );
    std::vector<std::int64_t> widths;
    int dropouts = 0;
    for (const auto& part : generator->modules()) {
        if (const auto* down = part->as<torch::nn::Conv2d>()) {
            widths.push_back(down->weight.size(0));
            EXPECT_NEAR(down->weight.std().item<double>(), 0.02, 0.004);
        }
        if (part->as<torch::nn::Dropout>() != nullptr) ++dropouts;
    }
    EXPECT_THAT(widths, testing::ElementsAre(8, 16, 32, 64, 64));
    EXPECT_EQ(dropouts, 0);
    UnetGenerator deep(GeneratorShape{.depth = 7, .width = 1});
    for (const auto& part : deep->modules()) {
        if (part->as<torch::nn::Dropout>() != nullptr) ++dropouts;
    }
    EXPECT_EQ(dropouts, 2);
}

TEST(Pix2pixNetworks, TheJudgeSeesPatchesOfTheOriginalsSize) {
    PatchJudge judge(JudgeShape{.layers = 3, .width = 2});
    // 256 becomes 128, 64, 32, and 31 and 30 without halving.
    EXPECT_EQ(
        judge->forward(torch::zeros({1, 4, 256, 256})).sizes(), torch::IntArrayRef({1, 1, 30, 30})
    );
}

// Photos whose X-ray is their red channel.
PairBatch red_batch() {
    RandomStream random(1, "red");
    PairBatch batch;
    batch.photos = {.photos = 2, .side = 16, .values = {}};
    for (int photo = 0; photo < 2; ++photo) {
        std::vector<float> red;
        for (int i = 0; i < 256; ++i) {
            red.push_back(static_cast<float>(random.uniform(-0.9, 0.9)));
        }
        for (int channel = 0; channel < 3; ++channel) {
            batch.photos.values.insert(batch.photos.values.end(), red.begin(), red.end());
        }
        batch.targets.insert(batch.targets.end(), red.begin(), red.end());
    }
    batch.regions.assign(2, regions_of(16));
    return batch;
}

PairTrainerSettings small_settings() {
    PairTrainerSettings settings;
    settings.depth = 3;
    settings.width = 8;
    settings.judge_layers = 1;
    settings.judge_width = 4;
    settings.region_loss = true;
    settings.seed = 3;
    return settings;
}

double distance_of(PairTrainer& trainer, const PairBatch& batch) {
    const auto made = trainer.translator()->translate(batch.photos);
    EXPECT_TRUE(made);
    double sum = 0;
    for (std::size_t i = 0; i < batch.targets.size(); ++i) {
        sum += static_cast<double>(std::abs((*made)[i / 256].values[i % 256] - batch.targets[i]));
    }
    return sum / static_cast<double>(batch.targets.size());
}

TEST(Pix2pixTrainer, StepsBringTheMadeXraysCloserToTheTrueOnes) {
    const PairBatch batch = red_batch();
    PairTrainer trainer(small_settings());
    const double before = distance_of(trainer, batch);
    for (int step = 0; step < 150; ++step) {
        ASSERT_TRUE(trainer.step(batch, {.learning_rate = 2e-3, .dropout_seed = 1}));
    }
    EXPECT_LT(distance_of(trainer, batch), 0.6 * before);
}

TEST(Pix2pixTrainer, AStoredTrainerGoesOnBitForBit) {
    const PairBatch batch = red_batch();
    PairTrainer first(small_settings());
    const PairStep how{.learning_rate = 1e-3, .dropout_seed = 4};
    ASSERT_TRUE(first.step(batch, how));
    first.keep_best();
    ASSERT_TRUE(first.step(batch, how));
    JobState state;
    first.store(state);
    PairTrainerSettings settings = small_settings();
    settings.seed = 99;  // what is loaded replaces all of it
    PairTrainer second(settings);
    ASSERT_TRUE(second.load(state));
    for (PairTrainer* trainer : {&first, &second}) {
        ASSERT_TRUE(trainer->step(batch, how));
    }
    EXPECT_EQ(first.model().tensors, second.model().tensors);
    JobState one;
    JobState other;
    first.store(one);
    second.store(other);
    EXPECT_EQ(one.tensors, other.tensors);
    first.take_best();
    EXPECT_NE(first.model().tensors, second.model().tensors);
    second.take_best();
    EXPECT_EQ(first.model().tensors, second.model().tensors);
}

class Pix2pixTorchscript : public testing::Test {
 protected:
    std::string save(const std::string& body) const {
        const std::string path = folder_.path() + "/network.pt";
        save_script(path, "def forward(self, x):\n    " + body + "\n");
        return path;
    }

    std::string error_of(const std::string& body) const {
        const auto opened = open_translator(save(body), 16);
        return opened ? "none" : opened.error().message;
    }

    TemporaryDirectory folder_;
};

TEST_F(Pix2pixTorchscript, ThatKeepsTheContractIsAsked) {
    const PairBatch batch = red_batch();
    for (const std::string body : {"return x[:, 0:1]", "return x", "return (x, 7)"}) {
        const auto opened = open_translator(save(body), 16);
        ASSERT_TRUE(opened) << opened.error().message;
        const auto made = (*opened)->translate(batch.photos);
        ASSERT_TRUE(made) << made.error().message;
        EXPECT_EQ(made->size(), 2U);
        EXPECT_NEAR((*made)[1].values[7], batch.targets[256 + 7], 1e-6);
    }
}

TEST_F(Pix2pixTorchscript, ThatBreaksTheContractIsRefusedByName) {
    EXPECT_THAT(error_of("return x[:, 0:2]"), HasSubstr("[2,2,16,16], [2,1,16,16] is expected"));
    EXPECT_THAT(error_of("return x[:, :, :8]"), HasSubstr("[2,3,16,16] is expected"));
    EXPECT_THAT(error_of("return x.double()"), HasSubstr("Double, not with f32"));
    EXPECT_THAT(error_of("return x / 0.0"), HasSubstr("NaN or infinity"));
    EXPECT_THAT(error_of("return torch.rand_like(x)"), HasSubstr("in two ways"));
    EXPECT_THAT(error_of("return x * 3"), HasSubstr("not with -1 to 1"));
    std::ofstream(folder_.path() + "/text.pt") << "no module";
    EXPECT_THAT(
        open_translator(folder_.path() + "/text.pt", 16).error().message,
        HasSubstr("text.pt: no TorchScript module")
    );
    EXPECT_THAT(
        open_translator(folder_.path() + "/no.pt", 16).error().message, HasSubstr("no such model")
    );
}

}  // namespace
}  // namespace xorch::pix2pix
