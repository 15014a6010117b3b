#include "jobs/anomaly/encode/part_encoder.h"

#include <cmath>
#include <filesystem>

#include "core/io/posix_disk.h"
#include "jobs/anomaly/encode/part_network.h"
#include "jobs/anomaly/encode/tensor_features.h"
#include "jobs/anomaly/encode/text_gallery.h"
#include "jobs/torch/tensors.h"

namespace xorch::anomaly {

namespace {

constexpr const char* network_name = "network";
constexpr const char* optimizer_name = "optimizer";
// What a class is called while nobody is tested: only the states matter.
constexpr const char* any_class = "part";

class PartEncoder final : public Encoder {
 public:
    explicit PartEncoder(PartNetwork network) : network_(std::move(network)) { network_->eval(); }

    int side() const override { return part_side; }

    Result<EncodedImage> encode(const std::vector<Plane>& image) override {
        const torch::NoGradGuard no_gradients;
        const PartFeatures found = network_->forward(images_tensor({&image}));
        EncodedImage encoded;
        encoded.whole = features_of(found.whole);
        encoded.patches = features_of(found.patches[0]);
        for (std::size_t level = 0; level < found.levels.size(); ++level) {
            encoded.levels[level] = features_of(found.levels[level][0]);
        }
        encoded.grid_side = part_grid_side;
        return encoded;
    }

    Result<Features> texts(const std::string& class_name) override {
        return text_gallery(prompts_of(class_name));
    }

 private:
    PartNetwork network_;
};

PartNetwork make_network(std::uint64_t seed) {
    torch::manual_seed(seed);
    return PartNetwork();
}

// Cross entropy of the rows that are of that side, the mean; 0 where there are none.
torch::Tensor side_loss(const torch::Tensor& logits, const torch::Tensor& labels, int side) {
    const torch::Tensor rows = (labels == side).nonzero().flatten();
    if (rows.numel() == 0) return torch::zeros({});
    return torch::cross_entropy_loss(logits.index_select(0, rows), labels.index_select(0, rows));
}

torch::Tensor balanced_loss(const torch::Tensor& logits, const torch::Tensor& labels) {
    return (side_loss(logits, labels, 0) + side_loss(logits, labels, 1)) / 2;
}

}  // namespace

struct PartTrainer::Parts {
    explicit Parts(const Settings& how)
        : settings(how),
          network(make_network(how.seed)),
          optimizer(network->parameters(), torch::optim::AdamOptions(how.learning_rate)),
          texts(tensor_of(text_gallery(prompts_of(any_class)))) {}

    // Of features to either text.
    torch::Tensor logits(const torch::Tensor& features) const {
        const torch::Tensor flat = features.reshape({-1, feature_size});
        const auto options = torch::nn::functional::NormalizeFuncOptions().dim(1);
        const torch::Tensor unit = torch::nn::functional::normalize(flat, options);
        return settings.scale * torch::mm(unit, texts.t());
    }

    Settings settings;
    PartNetwork network;
    torch::optim::Adam optimizer;
    torch::Tensor texts;
};

PartTrainer::PartTrainer(const Settings& settings) : parts_(std::make_unique<Parts>(settings)) {}

PartTrainer::~PartTrainer() = default;

Result<double> PartTrainer::step(const std::vector<LabelledImage>& batch) {
    std::vector<const std::vector<Plane>*> images;
    std::vector<std::int64_t> patches;
    std::vector<std::int64_t> wholes;
    for (const LabelledImage& image : batch) {
        images.push_back(&image.planes);
        patches.insert(patches.end(), image.patches.begin(), image.patches.end());
        wholes.push_back(image.whole);
    }
    parts_->network->train();
    parts_->optimizer.zero_grad();
    const PartFeatures found = parts_->network->forward(images_tensor(images));
    const torch::Tensor loss =
        (balanced_loss(parts_->logits(found.patches), torch::tensor(patches)) +
         balanced_loss(parts_->logits(found.whole), torch::tensor(wholes))) /
        2;
    const auto value = loss.item<double>();
    if (!std::isfinite(value)) {
        return fail(
            ErrorCode::invalid_input, "the loss is not finite any more: a smaller lr may help"
        );
    }
    loss.backward();
    parts_->optimizer.step();
    return value;
}

void PartTrainer::store(JobState& state) const {
    store_tensors(state, network_name, tensors_of(*parts_->network));
    store_optimizer(state, optimizer_name, parts_->optimizer);
}

Result<void> PartTrainer::load(const JobState& state) {
    auto loaded = load_tensors(state, network_name, tensors_of(*parts_->network));
    if (!loaded) return loaded;
    return load_optimizer(state, optimizer_name, parts_->optimizer);
}

std::unique_ptr<Encoder> PartTrainer::encoder() const {
    return std::make_unique<PartEncoder>(parts_->network);
}

Result<void> PartTrainer::write(const std::string& folder) const {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail_from_errno("making " + folder, error.value());
    JobState state;
    store_tensors(state, network_name, tensors_of(*parts_->network));
    PosixDisk disk;
    return save_job_state(disk, folder, state);
}

Result<std::unique_ptr<Encoder>> open_part_encoder(const std::string& folder) {
    PosixDisk disk;
    const auto state = load_job_state(disk, folder);
    if (!state) return fail_with_context(state.error(), folder);
    PartNetwork network = make_network(0);
    auto loaded = load_tensors(*state, network_name, tensors_of(*network));
    if (!loaded) return fail_with_context(loaded.error(), folder);
    return std::unique_ptr<Encoder>(std::make_unique<PartEncoder>(std::move(network)));
}

}  // namespace xorch::anomaly
