#include "jobs/cellseg/learn/predictor.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "core/io/posix_disk.h"
#include "jobs/cellseg/learn/tensor_batch.h"
#include "jobs/torch/script_module.h"
#include "jobs/torch/tensors.h"

namespace xorch::cellseg {

namespace {

constexpr int probe_side = 256;  // pixels: what published networks of this kind take
constexpr int probe_items = 2;

Result<Batch> to_batch(const torch::Tensor& output, const Batch& like) {
    if (auto ok = check_answer(output, {like.items, 3, like.height, like.width}); !ok) {
        return tl::unexpected(ok.error());
    }
    Batch batch(like.items, like.height, like.width);
    const torch::Tensor flat = output.contiguous();
    std::copy_n(flat.data_ptr<float>(), batch.values.size(), batch.values.begin());
    return batch;
}

class UNetPredictor final : public Predictor {
 public:
    explicit UNetPredictor(UNet network) : network_(std::move(network)) {}

    std::optional<int> fixed_side() const override { return std::nullopt; }

    Result<Batch> predict(const Batch& batch) override {
        const torch::NoGradGuard no_gradients;
        network_->eval();
        const torch::Device device = network_->parameters().front().device();
        return to_batch(network_->forward(to_tensor(batch).to(device)).cpu(), batch);
    }

 private:
    UNet network_;
};

class TorchscriptPredictor final : public Predictor {
 public:
    explicit TorchscriptPredictor(ScriptModule module) : module_(std::move(module)) {}

    std::optional<int> fixed_side() const override { return probe_side; }

    Result<Batch> predict(const Batch& batch) override {
        const auto answer = module_.forward(to_tensor(batch));
        if (!answer) return tl::unexpected(answer.error());
        return to_batch(*answer, batch);
    }

 private:
    ScriptModule module_;
};

// No two pixels alike, and the same at every opening.
Batch make_probe() {
    Batch probe(probe_items, probe_side, probe_side);
    for (std::size_t i = 0; i < probe.values.size(); ++i) {
        probe.values[i] = static_cast<float>(0.5 + 0.5 * std::sin(0.37 * static_cast<double>(i)));
    }
    return probe;
}

Result<void> check_contract(Predictor& predictor) {
    const Batch probe = make_probe();
    const auto first = predictor.predict(probe);
    if (!first) return tl::unexpected(first.error());
    const auto second = predictor.predict(probe);
    if (!second) return tl::unexpected(second.error());
    if (first->values == second->values) return {};
    return fail(ErrorCode::invalid_input, "the network answers the same batch in two ways");
}

Result<std::unique_ptr<Predictor>> open_unet(const std::string& folder) {
    PosixDisk disk;
    const auto state = load_job_state(disk, folder);
    if (!state) return tl::unexpected(state.error());
    const auto width = state->integer("width");
    if (!width) return tl::unexpected(width.error());
    if (*width < 4 || *width > 1024 || *width % 4 != 0) {
        return fail(ErrorCode::corrupted, fmt::format("a network of width {}", *width));
    }
    UNet network(*width);
    if (auto ok = load_tensors(*state, "model", tensors_of(*network)); !ok) {
        return tl::unexpected(ok.error());
    }
    return make_unet_predictor(network);
}

}  // namespace

torch::Tensor to_tensor(const Batch& batch) {
    // from_blob takes a pointer to what it might change; nothing here does.
    return torch::from_blob(
        const_cast<float*>(batch.values.data()), {batch.items, 3, batch.height, batch.width}
    );
}

std::unique_ptr<Predictor> make_unet_predictor(UNet network) {
    return std::make_unique<UNetPredictor>(std::move(network));
}

Result<std::unique_ptr<Predictor>> open_predictor(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        return fail(ErrorCode::not_found, path + ": there is no such model");
    }
    auto predictor =
        std::filesystem::is_directory(path, error) ? open_unet(path) : open_torchscript(path);
    if (!predictor) return fail_with_context(predictor.error(), path);
    return predictor;
}

Result<std::unique_ptr<Predictor>> open_torchscript(const std::string& path) {
    auto module = ScriptModule::open(path);
    if (!module) return tl::unexpected(module.error());
    auto predictor = std::make_unique<TorchscriptPredictor>(std::move(*module));
    if (auto ok = check_contract(*predictor); !ok) return tl::unexpected(ok.error());
    return predictor;
}

}  // namespace xorch::cellseg
