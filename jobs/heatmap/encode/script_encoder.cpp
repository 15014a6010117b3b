#include <fmt/core.h>

#include <array>
#include <cmath>

#include "core/hash.h"
#include "jobs/files/file_bytes.h"
#include "jobs/heatmap/data/box.h"
#include "jobs/heatmap/encode/encoder.h"
#include "jobs/torch/script_module.h"

namespace xorch::heatmap {

namespace {

constexpr std::int64_t side = image_side;
constexpr int text_length = 77;  // tokens: the context of CLIP's text models

// Of CLIP's training images: red, green, blue in [0, 1].
constexpr std::array<double, 3> image_mean{0.48145466, 0.4578275, 0.40821073};
constexpr std::array<double, 3> image_deviation{0.26862954, 0.26130258, 0.27577711};

torch::Tensor to_tensor(const Picture& picture) {
    torch::Tensor tensor = torch::empty({1, 3, side, side});
    float* values = tensor.data_ptr<float>();
    const std::size_t plane = picture.values.size();
    for (std::size_t i = 0; i < plane; ++i) {
        const Colour& colour = picture.values[i];
        const std::array levels{colour.red, colour.green, colour.blue};
        for (std::size_t channel = 0; channel < 3; ++channel) {
            const double level = levels[channel] / 255.0;
            values[channel * plane + i] =
                static_cast<float>((level - image_mean[channel]) / image_deviation[channel]);
        }
    }
    return tensor;
}

Result<Tokens> to_tokens(const torch::Tensor& answer) {
    const int patches = answer.dim() == 3 ? static_cast<int>(answer.size(1)) - 1 : 0;
    const int grid = static_cast<int>(std::lround(std::sqrt(std::max(0, patches))));
    if (grid < 2 || grid * grid != patches || answer.size(0) != 1 || answer.size(2) < 1) {
        return fail(
            ErrorCode::invalid_input,
            "the network answers with " + shape_text(answer.sizes()) +
                ", [1,1+P,D] with a square P is expected"
        );
    }
    if (auto ok = check_answer(answer, answer.sizes().vec()); !ok) {
        return tl::unexpected(ok.error());
    }
    const torch::Tensor flat = answer.contiguous();
    const float* begin = flat.data_ptr<float>();
    return Tokens{
        .grid = grid,
        .width = static_cast<int>(answer.size(2)),
        .values = {begin, begin + flat.numel()}
    };
}

class ScriptEncoder final : public Encoder {
 public:
    ScriptEncoder(ScriptModule module, std::string hash)
        : module_(std::move(module)), hash_(std::move(hash)) {}

    Result<Tokens> encode(const Picture& picture) override {
        const auto answer = module_.forward(to_tensor(picture));
        if (!answer) return tl::unexpected(answer.error());
        return to_tokens(*answer);
    }

    const std::string& hash() const override { return hash_; }

 private:
    ScriptModule module_;
    std::string hash_;
};

// No two rows alike, and the same at every opening.
Picture make_probe() {
    Picture picture(image_side, image_side);
    for (std::size_t i = 0; i < picture.values.size(); ++i) {
        const auto level = static_cast<std::uint8_t>(i * 7 / 5 % 256);
        picture.values[i] = {level, static_cast<std::uint8_t>(255 - level), 128};
    }
    return picture;
}

Result<void> check_contract(Encoder& encoder) {
    const Picture probe = make_probe();
    const auto first = encoder.encode(probe);
    if (!first) return tl::unexpected(first.error());
    const auto second = encoder.encode(probe);
    if (!second) return tl::unexpected(second.error());
    if (first->values == second->values) return {};
    return fail(ErrorCode::invalid_input, "the network answers the same image in two ways");
}

Result<std::unique_ptr<Encoder>> open_checked(const std::string& path) {
    const auto bytes = read_bytes(path);
    if (!bytes) return tl::unexpected(bytes.error());
    auto module = ScriptModule::open(path);
    if (!module) return tl::unexpected(module.error());
    auto encoder = std::make_unique<ScriptEncoder>(std::move(*module), hash_text(*bytes));
    if (auto ok = check_contract(*encoder); !ok) return tl::unexpected(ok.error());
    return encoder;
}

Result<torch::Tensor> to_tensor(const ClassRows& tokens) {
    const auto classes = static_cast<std::int64_t>(tokens.size());
    torch::Tensor tensor = torch::empty({classes, text_length}, torch::kInt64);
    std::int64_t* next = tensor.data_ptr<std::int64_t>();
    for (const auto& [number, row] : tokens) {
        for (const double token : row) {
            if (row.size() != text_length || token < 0 || token > 1e9 ||
                token != std::floor(token)) {
                return fail(
                    ErrorCode::invalid_input,
                    fmt::format("the row of {} is not {} tokens", name_of(number), text_length)
                );
            }
            *next++ = static_cast<std::int64_t>(token);
        }
    }
    return tensor;
}

Result<TextFeatures> ask_for_texts(const std::string& path, const ClassRows& tokens) {
    const auto input = to_tensor(tokens);
    if (!input) return tl::unexpected(input.error());
    auto module = ScriptModule::open(path);
    if (!module) return tl::unexpected(module.error());
    const auto answer = module->forward(*input);
    if (!answer) return tl::unexpected(answer.error());
    const std::int64_t width = answer->dim() == 2 ? answer->size(1) : 1;
    if (auto ok = check_answer(*answer, {static_cast<std::int64_t>(tokens.size()), width}); !ok) {
        return tl::unexpected(ok.error());
    }
    const auto again = module->forward(*input);
    if (!again || !torch::equal(*answer, *again)) {
        return fail(ErrorCode::invalid_input, "the network answers the same texts in two ways");
    }
    const torch::Tensor flat = answer->contiguous();
    TextFeatures texts{
        .classes = {                                     },
        .width = static_cast<int>(width),
        .values = { flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()}
    };
    for (const auto& [number, row] : tokens) {
        texts.classes.push_back(number);
    }
    return texts;
}

}  // namespace

Result<std::unique_ptr<Encoder>> open_script_encoder(const std::string& path) {
    auto encoder = open_checked(path);
    if (!encoder) return fail_with_context(encoder.error(), path);
    return encoder;
}

Result<TextFeatures> encode_texts(const std::string& path, const ClassRows& tokens) {
    auto texts = ask_for_texts(path, tokens);
    if (!texts) return fail_with_context(texts.error(), path);
    return texts;
}

}  // namespace xorch::heatmap
