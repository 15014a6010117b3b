#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/io/posix_disk.h"
#include "jobs/beats/learn/epoch_choice.h"
#include "jobs/beats/learn/segment_tokens.h"
#include "jobs/beats/learn/student_classifier.h"
#include "jobs/beats/learn/student_trainer.h"
#include "jobs/torch/tensors.h"
#include "tests/jobs/beats/simple_beats.h"
#include "tests/jobs/script_file.h"
#include "tests/support/temporary_directory.h"

namespace xorch::beats {
namespace {

using testing::HasSubstr;

torch::Tensor named(const Student& student, const std::string& name) {
    return student->named_parameters()[name];
}

// The same network of LibTorch's own layers: convolution, ReLU, average pooling.
torch::Tensor reference_forward(const Student& student, const torch::Tensor& windows) {
    std::vector<torch::Tensor> tokens;
    const torch::Tensor weights = torch::tanh(named(student, "filter_weights"));
    const torch::Tensor biases = torch::tanh(named(student, "filter_biases"));
    const std::int64_t parts_of[] = {2, 3, 2, 1};
    for (std::int64_t segment = 0; segment < 4; ++segment) {
        const bool is_whole = segment == 3;
        const torch::Tensor part = is_whole ? windows : windows.narrow(2, 120 * segment, 120);
        const torch::Tensor passed =
            torch::relu(torch::conv1d(part, weights[segment].unsqueeze(1), biases[segment]));
        const std::int64_t length = passed.size(2) / parts_of[segment];
        tokens.push_back(torch::avg_pool1d(passed, length).transpose(1, 2));
    }
    torch::Tensor h = torch::cat(tokens, 1);
    for (std::int64_t layer = 0; layer < 3; ++layer) {
        h = h / h.abs().max();
        h = torch::relu(torch::linear(
            h,
            torch::tanh(named(student, "layer_weights")[layer]),
            torch::tanh(named(student, "layer_biases")[layer])
        ));
    }
    return torch::linear(
        h.mean(1), named(student, "classifier.weight"), named(student, "classifier.bias")
    );
}

// Biases, too, are not 0.
Student random_student(std::uint64_t seed) {
    torch::manual_seed(seed);
    Student student(StudentShape{.dropout = 0});
    const torch::NoGradGuard no_gradients;
    for (const torch::Tensor& parameter : student->parameters()) {
        parameter.uniform_(-0.8, 0.8);
    }
    return student;
}

TEST(BeatsStudent, HasTheLogitsAndGradientsOfLibtorchsOwnLayers) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        Student student = random_student(seed);
        const torch::Tensor windows = torch::rand({5, 1, window_samples}) * 2 - 1;
        const torch::Tensor weights = torch::rand({5, 4});
        const torch::Tensor logits = student->forward(windows);
        const torch::Tensor expected = reference_forward(student, windows);
        EXPECT_TRUE(torch::allclose(logits, expected, 1e-4, 1e-5)) << seed;
        const std::vector<torch::Tensor> parameters = student->parameters();
        const auto gradients = torch::autograd::grad({(logits * weights).sum()}, parameters);
        const auto wanted = torch::autograd::grad({(expected * weights).sum()}, parameters);
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            EXPECT_TRUE(torch::allclose(gradients[i], wanted[i], 1e-3, 1e-5)) << seed << " " << i;
            EXPECT_GT(wanted[i].abs().max().item<float>(), 0) << seed << " " << i;
        }
    }
}

TEST(BeatsStudent, HasNoWeightBeyondTheScaleBeforeItsClassifier) {
    Student student(StudentShape{.dropout = 0, .constraint_scale = 0.5});
    const torch::NoGradGuard no_gradients;
    named(student, "filter_weights").fill_(1000);
    named(student, "filter_biases").fill_(0);
    const torch::Tensor windows = torch::ones({1, 1, window_samples});
    // Each filter sums four samples, each at half its value.
    std::vector<float> tokens(token_numbers);
    const torch::Tensor weights = torch::tanh(named(student, "filter_weights")) * 0.5;
    const torch::Tensor biases = torch::zeros({segment_count, filter_count});
    make_tokens(
        windows.data_ptr<float>(),
        1,
        {.weights = weights.data_ptr<float>(), .biases = biases.data_ptr<float>()},
        {.tokens = tokens.data()}
    );
    for (const float token : tokens) {
        EXPECT_NEAR(token, 2.0F, 1e-5);
    }
}

BeatBatch first_beats(const BeatSet& set, std::size_t count) {
    std::vector<std::size_t> beats(count);
    for (std::size_t i = 0; i < count; ++i) {
        beats[i] = i;
    }
    return gather(set, beats);
}

TEST(BeatsTrainer, LowersTheLossOfABatchThatItSeesAgain) {
    const BeatBatch batch = first_beats(simple_beats().train, 40);
    StudentTrainer trainer({.dropout = 0, .seed = 3});
    const auto first = trainer.step(batch, {.learning_rate = 0.02});
    ASSERT_TRUE(first);
    double last = *first;
    for (int step = 0; step < 200; ++step) {
        const auto loss = trainer.step(batch, {.learning_rate = 0.02});
        ASSERT_TRUE(loss);
        last = *loss;
    }
    EXPECT_LT(last, 0.5 * *first);
}

TEST(BeatsTrainer, GoesOnBitForBitFromWhatItStored) {
    const BeatBatch batch = first_beats(simple_beats().train, 30);
    const auto train = [&](StudentTrainer& trainer, std::uint64_t from, std::uint64_t to) {
        for (std::uint64_t step = from; step < to; ++step) {
            ASSERT_TRUE(trainer.step(batch, {.learning_rate = 0.01, .dropout_seed = step}));
            if (step == 3) trainer.keep_best();
        }
    };
    StudentTrainer straight({.seed = 3});
    train(straight, 0, 10);
    StudentTrainer first({.seed = 3});
    train(first, 0, 5);
    JobState state;
    first.store(state);
    StudentTrainer second({.seed = 4});
    ASSERT_TRUE(second.load(state));
    train(second, 5, 10);
    EXPECT_EQ(second.model().tensors, straight.model().tensors);
    straight.take_best();
    second.take_best();
    EXPECT_EQ(second.model().tensors, straight.model().tensors);
}

TEST(BeatsTrainer, SaysThatALossIsNotFiniteAnyMore) {
    BeatBatch batch = first_beats(simple_beats().train, 4);
    batch.windows[7] = std::numeric_limits<float>::infinity();
    StudentTrainer trainer({.dropout = 0});
    const auto loss = trainer.step(batch, {});
    ASSERT_FALSE(loss);
    EXPECT_THAT(loss.error().message, HasSubstr("not finite"));
}

// Written down as PyTorch 1.13's ReduceLROnPlateau(factor=0.5, patience=3) does it.
TEST(BeatsPlateau, HalvesTheRateAfterMoreThanItsPatience) {
    Plateau plateau{.rate = 1, .factor = 0.5, .patience = 3};
    const auto rate_after = [&](std::initializer_list<double> losses) {
        for (const double loss : losses) {
            plateau.observe(loss);
        }
        return plateau.rate;
    };
    EXPECT_EQ(rate_after({5, 4, 4, 4, 4}), 1);
    EXPECT_EQ(rate_after({4}), 0.5);
    EXPECT_EQ(rate_after({3.9999, 3.9999, 3.9999}), 0.5);  // not lower by one in ten thousand
    EXPECT_EQ(rate_after({3, 3, 3, 3}), 0.5);
    EXPECT_EQ(rate_after({3}), 0.25);
}

TEST(BeatsEarlyStop, KeepsTheEarlierOfEqualEpochsAndWaitsItsPatience) {
    EarlyStop stop;
    EXPECT_TRUE(stop.observe(0.2, 1));
    EXPECT_TRUE(stop.observe(0.3, 2));
    EXPECT_FALSE(stop.observe(0.3, 3));
    EXPECT_FALSE(stop.observe(0.1, 4));
    EXPECT_EQ(stop.best_epoch, 2);
    EXPECT_TRUE((Patience{.epochs = 2, .min_epochs = 4}.is_over(stop, 4)));
    EXPECT_FALSE((Patience{.epochs = 3, .min_epochs = 4}.is_over(stop, 4)));
    EXPECT_FALSE((Patience{.epochs = 2, .min_epochs = 5}.is_over(stop, 4)));
}

TEST(BeatsClassifier, AModelInItsFolderAnswersAsItsTrainer) {
    const TemporaryDirectory folder;
    const BeatSplits beats = simple_beats();
    StudentTrainer trainer({.constraint_scale = 1.5, .seed = 8});
    ASSERT_TRUE(trainer.step(first_beats(beats.train, 20), {.learning_rate = 0.1}));
    PosixDisk disk;
    ASSERT_TRUE(save_job_state(disk, folder.path(), trainer.model()));
    const auto opened = open_classifier(folder.path());
    ASSERT_TRUE(opened) << opened.error().message;
    const auto logits = (*opened)->logits(beats.val.window(0), 40);
    EXPECT_EQ(*logits, *trainer.classifier()->logits(beats.val.window(0), 40));
    const auto evaluation = evaluate(**opened, beats.val, 7);
    ASSERT_TRUE(evaluation);
    std::int64_t counted = 0;
    double sum = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        counted += evaluation->confusion[0][i] + evaluation->confusion[1][i] +
                   evaluation->confusion[2][i] + evaluation->confusion[3][i];
        sum += evaluation->mean_probability[i];
    }
    EXPECT_EQ(counted, 40);
    EXPECT_NEAR(sum, 1, 1e-6);
}

class BeatsTorchscript : public testing::Test {
 protected:
    std::string save(const std::string& body) const {
        const std::string path = folder_.path() + "/network.pt";
        save_script(path, "def forward(self, x):\n    " + body + "\n");
        return path;
    }

    std::string error_of(const std::string& body) const {
        const auto opened = open_classifier(save(body));
        return opened ? "none" : opened.error().message;
    }

    TemporaryDirectory folder_;
};

TEST_F(BeatsTorchscript, ThatKeepsTheContractIsAsked) {
    const BeatSet val = simple_beats().val;
    for (const std::string body : {"return x[:, 0, 178:182]", "return (x[:, 0, 178:182], x)"}) {
        const auto opened = open_classifier(save(body));
        ASSERT_TRUE(opened) << opened.error().message;
        const auto logits = (*opened)->logits(val.window(3), 2);
        ASSERT_TRUE(logits) << logits.error().message;
        EXPECT_EQ(logits->size(), 8U);
        EXPECT_EQ((*logits)[5], val.window(4)[179]);
    }
}

TEST_F(BeatsTorchscript, ThatBreaksTheContractIsRefusedByName) {
    EXPECT_THAT(
        error_of("return x[:, 0, :3]"),
        HasSubstr("network.pt: the network answers with [2,3], [2,4] is expected")
    );
    EXPECT_THAT(error_of("return x[:, 0, :4].double()"), HasSubstr("Double, not with f32"));
    EXPECT_THAT(error_of("return x[:, 0, :4] / 0.0"), HasSubstr("NaN or infinity"));
    EXPECT_THAT(error_of("return torch.rand_like(x[:, 0, :4])"), HasSubstr("in two ways"));
    EXPECT_THAT(error_of("return 7"), HasSubstr("not with a tensor"));
    EXPECT_THAT(error_of("return x.reshape(5)"), HasSubstr("the TorchScript module: "));
    std::ofstream(folder_.path() + "/text.pt") << "no module";
    EXPECT_THAT(
        open_classifier(folder_.path() + "/text.pt").error().message,
        HasSubstr("text.pt: no TorchScript module")
    );
    EXPECT_THAT(
        open_classifier(folder_.path() + "/no.pt").error().message, HasSubstr("no such model")
    );
}

}  // namespace
}  // namespace xorch::beats
