#include "jobs/beats/learn/student_trainer.h"

#include <cmath>

#include "jobs/beats/learn/student_classifier.h"
#include "jobs/torch/tensors.h"

namespace xorch::beats {

namespace {

constexpr const char* current_name = "current";
constexpr const char* best_name = "best";
constexpr const char* optimizer_name = "optimizer";

StudentShape shape_of(const StudentSettings& settings) {
    return {.dropout = settings.dropout, .constraint_scale = settings.constraint_scale};
}

Student make_network(const StudentSettings& settings) {
    torch::manual_seed(settings.seed);
    return Student(shape_of(settings));
}

void copy_weights(const torch::nn::Module& from, const torch::nn::Module& to) {
    const torch::NoGradGuard no_gradients;
    const NamedTensors source = tensors_of(from);
    NamedTensors target = tensors_of(to);
    for (std::size_t i = 0; i < source.size(); ++i) {
        target[i].second.copy_(source[i].second);
    }
}

}  // namespace

struct StudentTrainer::Parts {
    explicit Parts(const StudentSettings& how)
        : settings(how),
          network(make_network(how)),
          best(make_network(how)),
          optimizer(
              network->parameters(), torch::optim::AdamOptions(0.0).weight_decay(how.weight_decay)
          ) {}

    Result<double> step(const BeatBatch& batch, const StudentStep& how) {
        for (auto& group : optimizer.param_groups()) {
            static_cast<torch::optim::AdamOptions&>(group.options()).lr(how.learning_rate);
        }
        torch::manual_seed(how.dropout_seed);
        network->train();
        optimizer.zero_grad();
        const torch::Tensor logits =
            network->forward(windows_tensor(batch.windows.data(), batch.size()));
        const torch::Tensor flat = logits.detach().contiguous();
        const torch::Tensor gradient = torch::empty_like(flat);
        const auto numbers = static_cast<std::size_t>(flat.numel());
        const double loss = mean_loss(
            {flat.data_ptr<float>(), numbers},
            batch.classes,
            how.loss,
            {gradient.data_ptr<float>(), numbers}
        );
        if (!std::isfinite(loss)) {
            return fail(
                ErrorCode::internal, "the loss is not finite any more: a smaller lr may help"
            );
        }
        logits.backward(gradient);
        torch::nn::utils::clip_grad_norm_(network->parameters(), settings.clip_norm);
        optimizer.step();
        return loss;
    }

    StudentSettings settings;
    Student network;
    Student best;
    torch::optim::Adam optimizer;
};

StudentTrainer::StudentTrainer(const StudentSettings& settings)
    : parts_(std::make_unique<Parts>(settings)) {}

StudentTrainer::~StudentTrainer() = default;

Result<double> StudentTrainer::step(const BeatBatch& batch, const StudentStep& how) {
    return parts_->step(batch, how);
}

std::unique_ptr<BeatClassifier> StudentTrainer::classifier() {
    return make_student_classifier(parts_->network);
}

void StudentTrainer::keep_best() {
    copy_weights(*parts_->network, *parts_->best);
}

void StudentTrainer::take_best() {
    copy_weights(*parts_->best, *parts_->network);
}

void StudentTrainer::store(JobState& state) const {
    store_tensors(state, current_name, tensors_of(*parts_->network));
    store_tensors(state, best_name, tensors_of(*parts_->best));
    store_optimizer(state, optimizer_name, parts_->optimizer);
}

Result<void> StudentTrainer::load(const JobState& state) {
    for (const auto& [name, network] : {
             std::pair{current_name, parts_->network},
             {best_name,    parts_->best   }
    }) {
        auto loaded = load_tensors(state, name, tensors_of(*network));
        if (!loaded) return loaded;
    }
    return load_optimizer(state, optimizer_name, parts_->optimizer);
}

JobState StudentTrainer::model() const {
    return student_model(parts_->network, shape_of(parts_->settings));
}

}  // namespace xorch::beats
