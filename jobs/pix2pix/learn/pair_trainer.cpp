#include "jobs/pix2pix/learn/pair_trainer.h"

#include <cmath>

#include "jobs/pix2pix/learn/generator_translator.h"
#include "jobs/pix2pix/learn/losses.h"
#include "jobs/torch/tensors.h"

namespace xorch::pix2pix {

namespace {

constexpr double beta2 = 0.999;

Normalisation normalisation_of(const PairTrainerSettings& settings) {
    return settings.by_instance ? Normalisation::instance : Normalisation::batch;
}

GeneratorShape generator_shape(const PairTrainerSettings& settings) {
    return {
        .depth = settings.depth,
        .width = settings.width,
        .normalisation = normalisation_of(settings),
        .dropout = settings.dropout};
}

UnetGenerator make_generator(const PairTrainerSettings& settings) {
    torch::manual_seed(settings.seed);
    UnetGenerator generator(generator_shape(settings));
    begin_weights(*generator);
    return generator;
}

PatchJudge make_judge(const PairTrainerSettings& settings) {
    PatchJudge judge(JudgeShape{
        .layers = settings.judge_layers,
        .width = settings.judge_width,
        .normalisation = normalisation_of(settings)});
    begin_weights(*judge);
    return judge;
}

GeneratorLoss loss_of(const PairTrainerSettings& settings) {
    return {
        .l1 = settings.l1,
        .edge = settings.edge,
        .regions = {
                    .is_on = settings.region_loss,
                    .l1 = settings.region_l1,
                    .edge = settings.region_edge,
                    .weights = settings.region_weights,
                    .ab_edge = settings.ab_edge}
    };
}

torch::optim::Adam make_optimizer(const torch::nn::Module& module, double beta1) {
    const auto options = torch::optim::AdamOptions(0.0).betas(std::make_tuple(beta1, beta2));
    return torch::optim::Adam(module.parameters(), options);
}

void set_rate(torch::optim::Adam& optimizer, double rate) {
    for (auto& group : optimizer.param_groups()) {
        static_cast<torch::optim::AdamOptions&>(group.options()).lr(rate);
    }
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

struct PairTrainer::Parts {
    explicit Parts(const PairTrainerSettings& how)
        : settings(how),
          generator(make_generator(how)),
          judge(make_judge(how)),
          best(generator_shape(how)),
          generator_optimizer(make_optimizer(*generator, how.beta1)),
          judge_optimizer(make_optimizer(*judge, how.beta1)) {}

    Result<PairLosses> step(const PairBatch& batch, const PairStep& how) {
        set_rate(generator_optimizer, how.learning_rate);
        set_rate(judge_optimizer, how.learning_rate);
        torch::manual_seed(how.dropout_seed);
        generator->train();
        judge->train();
        const torch::Tensor photos = photo_tensor(batch.photos);
        // from_blob takes a pointer to what it might change; nothing here does.
        const torch::Tensor truth = torch::from_blob(
            const_cast<float*>(batch.targets.data()),
            {batch.photos.photos, 1, batch.photos.side, batch.photos.side}
        );
        const torch::Tensor made = generator->forward(photos);

        judge_optimizer.zero_grad();
        const torch::Tensor judge_loss =
            0.5 * (judgement_loss(judge->forward(torch::cat({photos, made.detach()}, 1)), false) +
                   judgement_loss(judge->forward(torch::cat({photos, truth}, 1)), true));
        judge_loss.backward();
        judge_optimizer.step();

        generator_optimizer.zero_grad();
        const torch::Tensor loss = generator_loss(
            loss_of(settings),
            judge->forward(torch::cat({photos, made}, 1)),
            made,
            truth,
            batch.regions
        );
        loss.backward();
        generator_optimizer.step();

        const PairLosses losses{
            .judge = judge_loss.item<double>(), .generator = loss.item<double>()};
        if (std::isfinite(losses.judge) && std::isfinite(losses.generator)) return losses;
        return fail(ErrorCode::internal, "a loss is not finite any more: a smaller lr may help");
    }

    PairTrainerSettings settings;
    UnetGenerator generator;
    PatchJudge judge;
    UnetGenerator best;
    torch::optim::Adam generator_optimizer;
    torch::optim::Adam judge_optimizer;
};

PairTrainer::PairTrainer(const PairTrainerSettings& settings)
    : parts_(std::make_unique<Parts>(settings)) {
    keep_best();
}

PairTrainer::~PairTrainer() = default;

Result<PairLosses> PairTrainer::step(const PairBatch& batch, const PairStep& how) {
    return parts_->step(batch, how);
}

std::unique_ptr<Translator> PairTrainer::translator() {
    return make_generator_translator(parts_->generator);
}

void PairTrainer::keep_best() {
    copy_weights(*parts_->generator, *parts_->best);
}

void PairTrainer::take_best() {
    copy_weights(*parts_->best, *parts_->generator);
}

void PairTrainer::store(JobState& state) const {
    store_tensors(state, "generator", tensors_of(*parts_->generator));
    store_tensors(state, "judge", tensors_of(*parts_->judge));
    store_tensors(state, "best", tensors_of(*parts_->best));
    store_optimizer(state, "generator_optimizer", parts_->generator_optimizer);
    store_optimizer(state, "judge_optimizer", parts_->judge_optimizer);
}

Result<void> PairTrainer::load(const JobState& state) {
    const NamedTensors networks[] = {
        tensors_of(*parts_->generator), tensors_of(*parts_->judge), tensors_of(*parts_->best)};
    const char* const names[] = {"generator", "judge", "best"};
    for (std::size_t i = 0; i < std::size(names); ++i) {
        if (auto ok = load_tensors(state, names[i], networks[i]); !ok) return ok;
    }
    auto loaded = load_optimizer(state, "generator_optimizer", parts_->generator_optimizer);
    if (!loaded) return loaded;
    return load_optimizer(state, "judge_optimizer", parts_->judge_optimizer);
}

JobState PairTrainer::model() const {
    return generator_model(parts_->generator, generator_shape(parts_->settings));
}

}  // namespace xorch::pix2pix
