#include "jobs/cellseg/learn/trainer.h"

#include <cmath>

#include "jobs/cellseg/learn/tensor_batch.h"
#include "jobs/cellseg/learn/unet.h"
#include "jobs/torch/tensors.h"

namespace xorch::cellseg {

namespace {

constexpr const char* model_name = "model";
constexpr const char* optimizer_name = "optimizer";

UNet make_network(const TrainerSettings& settings) {
    torch::manual_seed(settings.seed);
    return UNet(settings.width);
}

}  // namespace

struct Trainer::Parts {
    explicit Parts(const TrainerSettings& settings)
        : width(settings.width),
          network(make_network(settings)),
          optimizer(
              network->parameters(),
              torch::optim::AdamWOptions(0.0).weight_decay(settings.weight_decay)
          ) {}

    double step(const Batch& images, const Batch& targets, double learning_rate) {
        for (auto& group : optimizer.param_groups()) {
            static_cast<torch::optim::AdamWOptions&>(group.options()).lr(learning_rate);
        }
        network->train();
        optimizer.zero_grad();
        const torch::Tensor output = network->forward(to_tensor(images));
        const torch::Tensor loss = segmentation_loss(output, to_tensor(targets));
        const double value = loss.item<double>();
        if (!std::isfinite(value)) return value;
        loss.backward();
        optimizer.step();
        return value;
    }

    std::int64_t width;
    UNet network;
    torch::optim::AdamW optimizer;
};

Trainer::Trainer(const TrainerSettings& settings) : parts_(std::make_unique<Parts>(settings)) {}

Trainer::~Trainer() = default;

Result<double> Trainer::step(const Batch& images, const Batch& targets, double learning_rate) {
    const double loss = parts_->step(images, targets, learning_rate);
    if (!std::isfinite(loss)) {
        return fail(ErrorCode::internal, "the loss is not finite any more: a smaller lr may help");
    }
    return loss;
}

void Trainer::store(JobState& state) const {
    store_tensors(state, model_name, tensors_of(*parts_->network));
    store_optimizer(state, optimizer_name, parts_->optimizer);
}

Result<void> Trainer::load(const JobState& state) {
    auto loaded = load_tensors(state, model_name, tensors_of(*parts_->network));
    if (!loaded) return loaded;
    return load_optimizer(state, optimizer_name, parts_->optimizer);
}

JobState Trainer::model() const {
    JobState state;
    set_member(state.values, "network", "unet");
    set_member(state.values, "width", parts_->width);
    store_tensors(state, model_name, tensors_of(*parts_->network));
    return state;
}

std::unique_ptr<Predictor> Trainer::predictor() {
    return make_unet_predictor(parts_->network);
}

}  // namespace xorch::cellseg
