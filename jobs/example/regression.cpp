#include "jobs/example/regression.h"

#include "jobs/torch/tensors.h"

namespace xorch {

namespace {

constexpr std::int64_t batch = 64;

// The batch of a step depends on the step alone: a resumed unit sees what it would have seen.
std::pair<torch::Tensor, torch::Tensor> draw_batch(const NativeUnit& unit, std::int64_t step) {
    RandomStream random = unit.stream("batch", {step});
    const torch::Tensor x = torch::empty({batch, 1});
    const torch::Tensor y = torch::empty({batch, 1});
    for (std::int64_t i = 0; i < batch; ++i) {
        const double at = random.uniform(-1, 1);
        x[i] = at;
        y[i] = 3 * at - 1 + unit.params().number("noise") * random.normal();
    }
    return {x, y};
}

}  // namespace

Result<JobEnd> run_example_regression(NativeUnit& unit) {
    torch::nn::Linear model(1, 1);
    torch::optim::AdamW optimizer(model->parameters(), unit.params().number("lr"));
    double loss_sum = 0;
    std::int64_t step = 0;

    const auto saved = unit.resume();
    if (!saved) return tl::unexpected(saved.error());
    if (*saved) {
        const JobState& state = **saved;
        if (auto ok = load_tensors(state, "model", tensors_of(*model)); !ok)
            return tl::unexpected(ok.error());
        if (auto ok = load_optimizer(state, "optimizer", optimizer); !ok)
            return tl::unexpected(ok.error());
        const auto at = state.numbers("at");
        if (!at) return tl::unexpected(at.error());
        step = static_cast<std::int64_t>(at->at(0));
        loss_sum = at->at(1);
    }

    const std::int64_t steps = unit.params().integer("steps");
    while (step < steps) {
        const auto [x, y] = draw_batch(unit, step);
        optimizer.zero_grad();
        const torch::Tensor loss = torch::mse_loss(model->forward(x), y);
        loss.backward();
        optimizer.step();
        loss_sum += loss.item<double>();
        unit.progress(++step, steps);
        if (!unit.should_checkpoint()) continue;
        JobState state;
        state.add_numbers("at", {static_cast<double>(step), loss_sum});
        store_tensors(state, "model", tensors_of(*model));
        store_optimizer(state, "optimizer", optimizer);
        if (auto ok = unit.checkpoint(step, state); !ok) return tl::unexpected(ok.error());
        if (unit.should_stop()) return JobEnd::checkpointed;
    }

    const auto reported = unit.report({
        {"slope",     model->weight.item<double>()         },
        {"intercept", model->bias.item<double>()           },
        {"mean_loss", loss_sum / static_cast<double>(steps)}
    });
    if (!reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

}  // namespace xorch
