#include "jobs/pix2pix/learn/translator.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/io/posix_disk.h"
#include "jobs/pix2pix/learn/generator_translator.h"
#include "jobs/torch/script_module.h"
#include "jobs/torch/tensors.h"

namespace xorch::pix2pix {

namespace {

constexpr const char* generator_name = "generator";
constexpr std::int64_t probe_photos = 2;
constexpr std::int64_t width_max = 1024;
constexpr std::int64_t depth_max = 16;

Result<std::vector<Plane>> to_planes(const torch::Tensor& answer, const PhotoBatch& batch) {
    const std::int64_t channels =
        answer.dim() == 4 && answer.size(1) == input_channels ? input_channels : 1;
    if (auto ok = check_answer(answer, {batch.photos, channels, batch.side, batch.side}); !ok) {
        return tl::unexpected(ok.error());
    }
    const torch::Tensor grey = answer.mean(1).contiguous();
    std::vector<Plane> planes;
    const float* from = grey.data_ptr<float>();
    for (std::int64_t photo = 0; photo < batch.photos; ++photo) {
        Plane plane(batch.side, batch.side);
        std::copy_n(from, plane.values.size(), plane.values.begin());
        from += plane.values.size();
        planes.push_back(std::move(plane));
    }
    return planes;
}

class GeneratorTranslator final : public Translator {
 public:
    explicit GeneratorTranslator(UnetGenerator generator) : generator_(std::move(generator)) {}

    Result<std::vector<Plane>> translate(const PhotoBatch& batch) override {
        const torch::NoGradGuard no_gradients;
        generator_->eval();
        return to_planes(generator_->forward(photo_tensor(batch)), batch);
    }

 private:
    UnetGenerator generator_;
};

class ScriptTranslator final : public Translator {
 public:
    explicit ScriptTranslator(ScriptModule module) : module_(std::move(module)) {}

    Result<std::vector<Plane>> translate(const PhotoBatch& batch) override {
        const auto answer = module_.forward(photo_tensor(batch));
        if (!answer) return tl::unexpected(answer.error());
        return to_planes(*answer, batch);
    }

 private:
    ScriptModule module_;
};

// No two pixels alike, and the same at every opening.
PhotoBatch make_probe(int side) {
    PhotoBatch probe{.photos = probe_photos, .side = side, .values = {}};
    probe.values.resize(static_cast<std::size_t>(probe_photos * input_channels * side * side));
    for (std::size_t i = 0; i < probe.values.size(); ++i) {
        probe.values[i] = static_cast<float>(std::sin(0.37 * static_cast<double>(i)));
    }
    return probe;
}

Result<void> check_contract(Translator& translator, int side) {
    const PhotoBatch probe = make_probe(side);
    const auto first = translator.translate(probe);
    if (!first) return tl::unexpected(first.error());
    const auto second = translator.translate(probe);
    if (!second) return tl::unexpected(second.error());
    if (*first != *second) {
        return fail(ErrorCode::invalid_input, "the network answers the same photos in two ways");
    }
    for (const Plane& plane : *first) {
        const auto [low, high] = std::minmax_element(plane.values.begin(), plane.values.end());
        if (*low >= -1 && *high <= 1) continue;
        return fail(
            ErrorCode::invalid_input,
            fmt::format("the network answers with {} to {}, not with -1 to 1", *low, *high)
        );
    }
    return {};
}

Result<GeneratorShape> shape_in(const JobState& state) {
    GeneratorShape shape;
    const auto depth = state.integer("depth");
    if (!depth) return tl::unexpected(depth.error());
    const auto width = state.integer("width");
    if (!width) return tl::unexpected(width.error());
    const auto normalisation = state.text("normalisation");
    if (!normalisation) return tl::unexpected(normalisation.error());
    if (*depth < 2 || *depth > depth_max || *width < 1 || *width > width_max) {
        return fail(
            ErrorCode::corrupted, fmt::format("a network {} deep and {} wide", *depth, *width)
        );
    }
    shape.depth = *depth;
    shape.width = *width;
    shape.normalisation =
        *normalisation == "instance" ? Normalisation::instance : Normalisation::batch;
    return shape;
}

Result<std::unique_ptr<Translator>> open_generator(const std::string& folder) {
    PosixDisk disk;
    const auto state = load_job_state(disk, folder);
    if (!state) return tl::unexpected(state.error());
    const auto shape = shape_in(*state);
    if (!shape) return tl::unexpected(shape.error());
    UnetGenerator generator(*shape);
    if (auto ok = load_tensors(*state, generator_name, tensors_of(*generator)); !ok) {
        return tl::unexpected(ok.error());
    }
    return make_generator_translator(generator);
}

Result<std::unique_ptr<Translator>> open_script(const std::string& path, int side) {
    auto module = ScriptModule::open(path);
    if (!module) return tl::unexpected(module.error());
    auto translator = std::make_unique<ScriptTranslator>(std::move(*module));
    if (auto ok = check_contract(*translator, side); !ok) return tl::unexpected(ok.error());
    return translator;
}

}  // namespace

PhotoBatch photos_of(const PairSet& set, const std::vector<std::size_t>& pairs) {
    const std::size_t each = set.pixels() * input_channels;
    PhotoBatch batch{
        .photos = static_cast<std::int64_t>(pairs.size()), .side = set.side, .values = {}};
    batch.values.reserve(each * pairs.size());
    for (const std::size_t pair : pairs) {
        const auto from = set.inputs.begin() + static_cast<std::ptrdiff_t>(pair * each);
        std::transform(
            from,
            from + static_cast<std::ptrdiff_t>(each),
            std::back_inserter(batch.values),
            to_signed
        );
    }
    return batch;
}

torch::Tensor photo_tensor(const PhotoBatch& batch) {
    // from_blob takes a pointer to what it might change; nothing here does.
    return torch::from_blob(
        const_cast<float*>(batch.values.data()),
        {batch.photos, input_channels, batch.side, batch.side}
    );
}

std::unique_ptr<Translator> make_generator_translator(UnetGenerator generator) {
    return std::make_unique<GeneratorTranslator>(std::move(generator));
}

JobState generator_model(const UnetGenerator& generator, const GeneratorShape& shape) {
    JobState state;
    set_member(state.values, "network", "unet");
    set_member(state.values, "depth", shape.depth);
    set_member(state.values, "width", shape.width);
    const bool by_instance = shape.normalisation == Normalisation::instance;
    set_member(state.values, "normalisation", by_instance ? "instance" : "batch");
    store_tensors(state, generator_name, tensors_of(*generator));
    return state;
}

Result<std::unique_ptr<Translator>> open_translator(const std::string& path, int side) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        return fail(ErrorCode::not_found, path + ": there is no such model");
    }
    auto translator =
        std::filesystem::is_directory(path, error) ? open_generator(path) : open_script(path, side);
    if (!translator) return fail_with_context(translator.error(), path);
    return translator;
}

Result<std::vector<Plane>> translate_set(
    Translator& translator, const PairSet& set, std::int64_t batch
) {
    std::vector<Plane> planes;
    while (planes.size() < set.size()) {
        std::vector<std::size_t> pairs;
        const std::size_t first = planes.size();
        const std::size_t last = std::min(first + static_cast<std::size_t>(batch), set.size());
        for (std::size_t pair = first; pair < last; ++pair) {
            pairs.push_back(pair);
        }
        auto made = translator.translate(photos_of(set, pairs));
        if (!made) return tl::unexpected(made.error());
        std::move(made->begin(), made->end(), std::back_inserter(planes));
    }
    return planes;
}

}  // namespace xorch::pix2pix
