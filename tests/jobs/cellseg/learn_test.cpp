#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "core/io/posix_disk.h"
#include "jobs/cellseg/learn/inference.h"
#include "jobs/cellseg/learn/schedule.h"
#include "jobs/cellseg/learn/trainer.h"
#include "jobs/cellseg/learn/unet.h"
#include "tests/jobs/script_file.h"
#include "tests/support/temporary_directory.h"

namespace xorch::cellseg {
namespace {

using testing::HasSubstr;

torch::Tensor of_pixels(std::vector<float> values) {
    // Three channels of two pixels.
    return torch::tensor(values).reshape({1, 3, 1, 2});
}

TEST(CellsegGolden, G1_6_TheLossIsHalfTheSquaredErrorPlusTheCrossEntropy) {
    const torch::Tensor output = of_pixels({2, 0, 0, -1, 1, -2});      // flow y, flow x, logit
    const torch::Tensor target = of_pixels({1, 0, 0.6F, 0, 0.8F, 0});  // cell, flow y, flow x
    EXPECT_NEAR(segmentation_loss(output, target).item<double>(), 2.470095, 1e-6);
}

TEST(CellsegGolden, G1_7_TheLearningRateWarmsUpAndHalvesAtTheEnd) {
    const double lr = 0.4;
    const std::vector<double> six = learning_rates(lr, 6);
    EXPECT_EQ(six.size(), 10U);
    EXPECT_EQ(six[0], 0.0);
    EXPECT_NEAR(six[5], 5.0 / 9.0 * lr, 1e-12);
    const std::vector<double> hundred = learning_rates(lr, 100);
    EXPECT_EQ(hundred.size(), 100U);
    EXPECT_NEAR(hundred[9], lr, 1e-12);
    EXPECT_NEAR(hundred[99], lr / 1024.0, 1e-12);
    const std::vector<double> many = learning_rates(lr, 301);
    EXPECT_EQ(many.size(), 301U);
    EXPECT_NEAR(many[200], lr, 1e-12);
    EXPECT_NEAR(many[300], lr / 1024.0, 1e-12);
}

// Plain sums over pixels, without tensors.
TEST(CellsegLoss, AgreesWithPlainSumsOnRandomInput) {
    torch::manual_seed(3);
    const torch::Tensor output = torch::randn({2, 3, 5, 7}) * 3;
    const torch::Tensor target = torch::rand({2, 3, 5, 7});
    target.select(1, 0).copy_(torch::rand({2, 5, 7}).round());
    double squares = 0.0;
    double entropy = 0.0;
    const auto out = output.accessor<float, 4>();
    const auto truth = target.accessor<float, 4>();
    for (int item = 0; item < 2; ++item) {
        for (int y = 0; y < 5; ++y) {
            for (int x = 0; x < 7; ++x) {
                for (int axis = 0; axis < 2; ++axis) {
                    const double off = out[item][axis][y][x] - 5.0 * truth[item][axis + 1][y][x];
                    squares += off * off;
                }
                const double p = 1.0 / (1.0 + std::exp(-static_cast<double>(out[item][2][y][x])));
                const double cell = truth[item][0][y][x];
                entropy -= cell * std::log(p) + (1.0 - cell) * std::log(1.0 - p);
            }
        }
    }
    const double pixels = 2 * 5 * 7;
    const double expected = squares / (2.0 * pixels) / 2.0 + entropy / pixels;
    EXPECT_NEAR(segmentation_loss(output, target).item<double>(), expected, 1e-4);
}

Batch random_batch(int items, int side, int seed) {
    torch::manual_seed(static_cast<std::uint64_t>(seed));
    const torch::Tensor values = torch::rand({items, 3, side, side});
    Batch batch(items, side, side);
    std::copy_n(values.data_ptr<float>(), batch.values.size(), batch.values.begin());
    return batch;
}

double train_a_little(Trainer& trainer, int from, int to) {
    double loss = 0.0;
    for (int step = from; step < to; ++step) {
        loss = trainer.step(random_batch(2, 16, step), random_batch(2, 16, step), 1e-2).value();
    }
    return loss;
}

TEST(CellsegTrainer, LearnsTheSameAfterItsStateCameBack) {
    const TrainerSettings settings{.width = 4, .weight_decay = 0.1, .seed = 11};
    Trainer straight(settings);
    train_a_little(straight, 0, 6);
    Trainer first(settings);
    train_a_little(first, 0, 3);
    JobState state;
    first.store(state);
    Trainer second({.width = 4, .weight_decay = 0.1, .seed = 99});
    ASSERT_TRUE(second.load(state));
    train_a_little(second, 3, 6);
    EXPECT_EQ(format_tensors(second.model().tensors), format_tensors(straight.model().tensors));
}

TEST(CellsegTrainer, BringsTheLossDown) {
    Trainer trainer({.width = 8, .weight_decay = 0.1, .seed = 1});
    const Batch images = random_batch(2, 16, 1);
    const double before = trainer.step(images, images, 1e-2).value();
    for (int step = 0; step < 60; ++step) {
        ASSERT_TRUE(trainer.step(images, images, 1e-2));
    }
    EXPECT_LT(trainer.step(images, images, 0).value(), before / 2.0);
}

TEST(CellsegTrainer, ALossThatIsNotFiniteIsAnError) {
    Trainer trainer({.width = 4, .weight_decay = 0.1, .seed = 1});
    Batch images = random_batch(1, 16, 1);
    images.values[5] = std::nanf("");
    const auto loss = trainer.step(images, random_batch(1, 16, 2), 1e-2);
    ASSERT_FALSE(loss);
    EXPECT_THAT(loss.error().message, HasSubstr("not finite"));
}

TEST(CellsegPredictor, AModelComesBackFromItsFolder) {
    const TemporaryDirectory folder;
    Trainer trainer({.width = 4, .weight_decay = 0.1, .seed = 3});
    PosixDisk disk;
    ASSERT_TRUE(save_job_state(disk, folder.path(), trainer.model()));
    auto opened = open_predictor(folder.path());
    ASSERT_TRUE(opened) << opened.error().message;
    const Batch batch = random_batch(2, 32, 4);
    EXPECT_EQ((*opened)->predict(batch)->values, trainer.predictor()->predict(batch)->values);
}

// Answers with the pixel's own first channel in all three.
class Echo final : public Predictor {
 public:
    explicit Echo(std::optional<int> side) : side_(side) {}

    std::optional<int> fixed_side() const override { return side_; }

    Result<Batch> predict(const Batch& batch) override {
        Batch answer = batch;
        const std::size_t area = batch.item_size() / 3;
        for (int item = 0; item < batch.items; ++item) {
            for (std::size_t channel = 1; channel < 3; ++channel) {
                std::copy_n(batch.item(item), area, answer.item(item) + channel * area);
            }
        }
        return answer;
    }

 private:
    std::optional<int> side_;
};

TEST(CellsegInference, TilesOfEverySizePutTheImageTogetherAgain) {
    for (const auto& [height, width] : {
             std::pair{40,  100},
             {300, 70 },
             {333, 290}
    }) {
        Channels channels{Plane(height, width), Plane(height, width), Plane(height, width)};
        for (std::size_t i = 0; i < channels[0].values.size(); ++i) {
            channels[0].values[i] = static_cast<float>(std::sin(static_cast<double>(i)));
        }
        for (const std::optional<int> side : {std::optional<int>(), std::optional<int>(256)}) {
            Echo echo(side);
            const auto output = predict_image(echo, channels, 64);
            ASSERT_TRUE(output) << output.error().message;
            for (std::size_t i = 0; i < channels[0].values.size(); ++i) {
                ASSERT_NEAR(output->flow.y.values[i], channels[0].values[i], 1e-5);
                ASSERT_NEAR(output->cellprob.values[i], channels[0].values[i], 1e-5);
            }
        }
    }
}

class CellsegTorchscript : public testing::Test {
 protected:
    std::string save(const std::string& body) const {
        const std::string path = folder_.path() + "/network.pt";
        save_script(path, "def forward(self, x):\n    " + body + "\n");
        return path;
    }

    std::string error_of(const std::string& body) const {
        const auto opened = open_predictor(save(body));
        return opened ? "none" : opened.error().message;
    }

    TemporaryDirectory folder_;
};

TEST_F(CellsegTorchscript, ThatKeepsTheContractIsAsked) {
    for (const std::string body : {"return x * 2.0", "return (x * 2.0, x)"}) {
        auto opened = open_predictor(save(body));
        ASSERT_TRUE(opened) << opened.error().message;
        EXPECT_EQ((*opened)->fixed_side(), 256);
        const Batch batch = random_batch(1, 256, 1);
        const auto answer = (*opened)->predict(batch);
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->values[77], 2.0F * batch.values[77]);
    }
}

TEST_F(CellsegTorchscript, ThatBreaksTheContractIsRefusedByName) {
    EXPECT_THAT(
        error_of("return x[:, :2]"),
        HasSubstr("network.pt: the network answers with [2,2,256,256], [2,3,256,256] is expected")
    );
    EXPECT_THAT(error_of("return x.double()"), HasSubstr("Double, not with f32"));
    EXPECT_THAT(error_of("return x / 0.0"), HasSubstr("NaN or infinity"));
    EXPECT_THAT(error_of("return torch.rand_like(x)"), HasSubstr("in two ways"));
    EXPECT_THAT(error_of("return 7"), HasSubstr("not with a tensor"));
    EXPECT_THAT(error_of("return x.reshape(5)"), HasSubstr("the TorchScript module: "));
    std::ofstream(folder_.path() + "/text.pt") << "no module";
    const auto text = open_predictor(folder_.path() + "/text.pt");
    ASSERT_FALSE(text);
    EXPECT_THAT(text.error().message, HasSubstr("text.pt: no TorchScript module"));
    EXPECT_THAT(
        open_predictor(folder_.path() + "/no.pt").error().message, HasSubstr("no such model")
    );
}

}  // namespace
}  // namespace xorch::cellseg
