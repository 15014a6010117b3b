#include "jobs/cellseg/learn/trainer.h"

#include <cmath>

#include "jobs/cellseg/learn/tensor_batch.h"
#include "jobs/cellseg/learn/unet.h"
#include "jobs/torch/data_parallel.h"
#include "jobs/torch/tensors.h"

namespace xorch::cellseg {

namespace {

constexpr const char* model_name = "model";
constexpr const char* optimizer_name = "optimizer";

UNet make_network(const TrainerSettings& settings, torch::Device device) {
    torch::manual_seed(settings.seed);
    UNet network(settings.width);
    network->to(device);
    return network;
}

}  // namespace

struct Trainer::Parts {
    Parts(const TrainerSettings& settings, Communicator* ranks)
        : alone(make_single_rank()),
          device(torch_device(ranks == nullptr ? Device::cpu : ranks->device())),
          width(settings.width),
          network(make_network(settings, device)),
          gradients(network->parameters(), ranks == nullptr ? *alone : *ranks),
          optimizer(
              network->parameters(),
              torch::optim::AdamWOptions(0.0).weight_decay(settings.weight_decay)
          ) {}

    Result<double> step(const Batch& images, const Batch& targets, double learning_rate) {
        for (auto& group : optimizer.param_groups()) {
            static_cast<torch::optim::AdamWOptions&>(group.options()).lr(learning_rate);
        }
        network->train();
        const auto value = gradients.backward(images.items, [&](std::int64_t item) {
            const torch::Tensor output = network->forward(item_of(images, item));
            return segmentation_loss(output, item_of(targets, item));
        });
        if (!value) return value;
        if (!std::isfinite(*value)) {
            return fail(
                ErrorCode::internal, "the loss is not finite any more: a smaller lr may help"
            );
        }
        optimizer.step();
        return value;
    }

    // In memory of its own: kernels may add in another order where memory is aligned otherwise.
    torch::Tensor item_of(const Batch& batch, std::int64_t item) const {
        return to_tensor(batch).narrow(0, item, 1).clone().to(device);
    }

    std::unique_ptr<Communicator> alone;
    torch::Device device;
    std::int64_t width;
    UNet network;
    DataParallel gradients;
    torch::optim::AdamW optimizer;
};

Trainer::Trainer(const TrainerSettings& settings, Communicator* ranks)
    : parts_(std::make_unique<Parts>(settings, ranks)) {}

Trainer::~Trainer() = default;

Result<void> Trainer::align() {
    return parts_->gradients.align();
}

Result<double> Trainer::step(const Batch& images, const Batch& targets, double learning_rate) {
    return parts_->step(images, targets, learning_rate);
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

Result<void> Trainer::start_from(const JobState& model) {
    const auto width = model.integer("width");
    if (!width) return tl::unexpected(width.error());
    if (*width != parts_->width) {
        return fail(
            ErrorCode::invalid_input,
            "a network of width " + std::to_string(*width) +
                ", but width = " + std::to_string(parts_->width)
        );
    }
    return load_tensors(model, model_name, tensors_of(*parts_->network));
}

std::unique_ptr<Predictor> Trainer::predictor() {
    return make_unet_predictor(parts_->network);
}

}  // namespace xorch::cellseg
