#include "jobs/anomaly/encode/script_encoder.h"

#include <fmt/core.h>

#include <cmath>
#include <filesystem>

#include "jobs/anomaly/encode/tensor_features.h"
#include "jobs/files/file_bytes.h"
#include "jobs/files/npy_array.h"
#include "jobs/torch/script_module.h"

namespace xorch::anomaly {

namespace {

constexpr std::size_t answers = 4;

Result<std::vector<torch::Tensor>> ask(ScriptModule& module, const torch::Tensor& images) {
    auto answer = module.forward_all(images);
    if (!answer || answer->size() == answers) return answer;
    return fail(
        ErrorCode::invalid_input,
        fmt::format("the network answers with {} tensors, {} are expected", answer->size(), answers)
    );
}

// Where one number is free, the first answer decides; the rest must follow.
Result<void> check_shapes(const std::vector<torch::Tensor>& answer, std::int64_t images) {
    const bool fits = answer[0].dim() == 2 && answer[1].dim() == 3 && answer[2].dim() == 3;
    if (!fits) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "the network answers with {}, {} and {}: [N,D], [N,P,D] and [N,P,W] are expected",
                shape_text(answer[0].sizes()),
                shape_text(answer[1].sizes()),
                shape_text(answer[2].sizes())
            )
        );
    }
    const std::int64_t size = answer[0].size(1);
    const std::int64_t patches = answer[1].size(1);
    const std::int64_t width = answer[2].size(2);
    const std::vector<std::int64_t> shapes[] = {
        {images,   size },
        { images, patches,  size},
        { images, patches, width},
        { images, patches, width}
    };
    for (std::size_t i = 0; i < answers; ++i) {
        if (auto ok = check_answer(answer[i], shapes[i]); !ok) return ok;
    }
    const auto side = std::lround(std::sqrt(static_cast<double>(patches)));
    if (patches > 0 && size > 0 && width > 0 && side * side == patches) return {};
    return fail(ErrorCode::invalid_input, fmt::format("{} patches are no square grid", patches));
}

Result<std::int64_t> probe(ScriptModule& module) {
    torch::manual_seed(0);
    const torch::Tensor images = torch::randn({2, 3, script_side, script_side});
    const auto first = ask(module, images);
    if (!first) return tl::unexpected(first.error());
    if (auto ok = check_shapes(*first, images.size(0)); !ok) return tl::unexpected(ok.error());
    const auto second = ask(module, images);
    if (!second) return tl::unexpected(second.error());
    for (std::size_t i = 0; i < answers; ++i) {
        if (!torch::equal((*first)[i], (*second)[i])) {
            return fail(
                ErrorCode::invalid_input, "the network answers the same question in two ways"
            );
        }
    }
    return (*first)[0].size(1);
}

Result<Features> check_texts(Features texts, std::int64_t size) {
    if (texts.rows != 2 || texts.columns != size) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "texts of {} x {} numbers, 2 x {} are expected", texts.rows, texts.columns, size
            )
        );
    }
    for (const float value : texts.values) {
        if (!std::isfinite(value)) {
            return fail(ErrorCode::invalid_input, "texts with NaN or infinity");
        }
    }
    normalise_rows(texts);
    return texts;
}

Result<Features> texts_in_npy(std::string_view bytes) {
    const auto array = view_npy(bytes);
    if (!array) return tl::unexpected(array.error());
    const NpyNumber number = npy_number(array->type);
    if (number == nullptr || array->shape.size() != 2 || array->column_order) {
        return fail(ErrorCode::invalid_input, "no rows of numbers");
    }
    Features texts{
        .rows = static_cast<int>(array->shape[0]),
        .columns = static_cast<int>(array->shape[1]),
        .values = {}};
    for (std::size_t i = 0; i < array->count(); ++i) {
        const double value = number(array->data.data() + i * array->element_bytes);
        texts.values.push_back(static_cast<float>(value));
    }
    return texts;
}

Result<Features> texts_in_pickle(const std::string& bytes) {
    try {
        const torch::IValue value = torch::pickle_load({bytes.begin(), bytes.end()});
        if (!value.isTensor() || value.toTensor().dim() != 2) {
            return fail(ErrorCode::invalid_input, "no tensor of two dimensions");
        }
        return features_of(value.toTensor().to(torch::kFloat32));
    } catch (const std::exception& error) {
        const std::string text = error.what();
        return fail(ErrorCode::corrupted, "no saved tensor: " + text.substr(0, text.find('\n')));
    }
}

class ScriptEncoder final : public Encoder {
 public:
    ScriptEncoder(ScriptModule module, std::int64_t size, std::string texts)
        : module_(std::move(module)), size_(size), texts_(std::move(texts)) {}

    int side() const override { return script_side; }

    Result<EncodedImage> encode(const std::vector<Plane>& image) override {
        const auto answer = ask(module_, images_tensor({&image}));
        if (!answer) return tl::unexpected(answer.error());
        if (auto ok = check_shapes(*answer, 1); !ok) return tl::unexpected(ok.error());
        EncodedImage encoded;
        encoded.whole = features_of((*answer)[0]);
        encoded.patches = features_of((*answer)[1][0]);
        encoded.levels = {features_of((*answer)[2][0]), features_of((*answer)[3][0])};
        encoded.grid_side =
            static_cast<int>(std::lround(std::sqrt(static_cast<double>(encoded.patches.rows))));
        return encoded;
    }

    Result<Features> texts(const std::string& class_name) override {
        const auto path = texts_of(class_name);
        if (!path) return tl::unexpected(path.error());
        const auto bytes = read_bytes(*path);
        if (!bytes) return fail_with_context(bytes.error(), *path);
        auto texts =
            bytes->starts_with("\x93NUMPY") ? texts_in_npy(*bytes) : texts_in_pickle(*bytes);
        if (texts) texts = check_texts(std::move(*texts), size_);
        if (!texts) return fail_with_context(texts.error(), *path);
        return texts;
    }

 private:
    Result<std::string> texts_of(const std::string& class_name) const {
        std::error_code error;
        if (texts_.empty()) {
            return fail(
                ErrorCode::invalid_input, "a TorchScript encoder needs texts: the parameter texts"
            );
        }
        if (!std::filesystem::is_directory(texts_, error)) return texts_;
        for (const char* ending : {".npy", ".pt"}) {
            std::string path = texts_ + "/" + class_name + ending;
            if (std::filesystem::exists(path, error)) return path;
        }
        return fail(ErrorCode::not_found, fmt::format("{}: no {}.npy or .pt", texts_, class_name));
    }

    ScriptModule module_;
    std::int64_t size_;
    std::string texts_;
};

}  // namespace

Result<std::unique_ptr<Encoder>> open_script_encoder(
    const std::string& path, const std::string& texts
) {
    auto module = ScriptModule::open(path);
    if (!module) return fail_with_context(module.error(), path);
    const auto size = probe(*module);
    if (!size) return fail_with_context(size.error(), path);
    return std::unique_ptr<Encoder>(
        std::make_unique<ScriptEncoder>(std::move(*module), *size, texts)
    );
}

}  // namespace xorch::anomaly
