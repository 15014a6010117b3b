// heatmap.features: asks the encoder once for every image; whatever comes later works on its
// answers. Saves itself between images.

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "core/check.h"
#include "jobs/files/png_file.h"
#include "jobs/heatmap/encode/encoder.h"
#include "jobs/heatmap/encode/feature_cache.h"
#include "jobs/heatmap/encode/prototypes.h"
#include "jobs/heatmap/jobs.h"
#include "jobs/heatmap/maps/similarity.h"
#include "jobs/unit_artifacts.h"

namespace xorch {

namespace heatmap {

namespace {

// The published sources of texts, in the order in which they are looked for.
enum class TextSource { table, module, prototypes };

struct Inputs {
    std::unique_ptr<Encoder> encoder;
    TextSource source = TextSource::prototypes;
    std::optional<TextFeatures> texts;  // nothing: they come from the training images
    std::vector<DiorImage> training{};  // only then
    std::vector<DiorImage> images{};
};

// What a checkpoint holds.
struct Progress {
    std::size_t trained = 0;  // training images
    Prototypes prototypes{};
    Features features{};

    std::size_t done() const { return trained + features.scenes.size(); }
};

Result<std::string> data_folder(const NativeUnit& unit) {
    if (const std::string& data = unit.params().text("data"); !data.empty()) return data;
    const auto left = find_left(unit, "dior");
    if (!left) return tl::unexpected(left.error());
    if (*left) return **left;
    return fail(
        ErrorCode::invalid_input,
        "no images: neither the parameter data nor an input with dior/ is there"
    );
}

Result<std::unique_ptr<Encoder>> open_encoder(const Parameters& params) {
    if (const std::string& model = params.text("model"); !model.empty()) {
        return open_script_encoder(model);
    }
    return make_native_encoder(
        {.anisotropy = params.number("anisotropy"), .context = params.number("context")}
    );
}

Result<void> read_texts(const Parameters& params, Inputs& inputs) {
    const std::string& table = params.text("text_features");
    const std::string& module = params.text("text_model");
    if (table.empty() && module.empty()) return {};
    if (!table.empty() && !module.empty()) {
        return fail(ErrorCode::invalid_input, "text_features and text_model exclude each other");
    }
    if (table.empty() && params.text("text_tokens").empty()) {
        return fail(ErrorCode::invalid_input, "text_model without text_tokens to ask it with");
    }
    const auto rows = read_class_rows(table.empty() ? params.text("text_tokens") : table);
    if (!rows) return tl::unexpected(rows.error());
    inputs.source = table.empty() ? TextSource::module : TextSource::table;
    if (!table.empty()) {
        inputs.texts = to_text_features(*rows);
        return {};
    }
    auto texts = encode_texts(module, *rows);
    if (!texts) return tl::unexpected(texts.error());
    inputs.texts = std::move(*texts);
    return {};
}

Result<Inputs> open_inputs(const NativeUnit& unit) {
    const Parameters& params = unit.params();
    const auto folder = data_folder(unit);
    if (!folder) return tl::unexpected(folder.error());
    Inputs inputs;
    auto encoder = open_encoder(params);
    if (!encoder) return tl::unexpected(encoder.error());
    inputs.encoder = std::move(*encoder);
    if (auto read = read_texts(params, inputs); !read) return tl::unexpected(read.error());
    auto images = list_split(*folder, params.text("split"));
    if (!images) return tl::unexpected(images.error());
    inputs.images = std::move(*images);
    if (inputs.texts) return inputs;
    auto training = list_split(*folder, params.text("text_split"));
    if (!training) return tl::unexpected(training.error());
    inputs.training = std::move(*training);
    return inputs;
}

Result<void> save(NativeUnit& unit, const Progress& progress) {
    JobState state;
    set_member(state.values, "trained", static_cast<std::int64_t>(progress.trained));
    const auto prototypes = progress.prototypes.numbers();
    state.add_numbers("prototypes", prototypes);
    Array scenes;
    for (const CachedScene& scene : progress.features.scenes) {
        scenes.emplace_back(store_scene(scene));
    }
    set_member(state.values, "scenes", scenes);
    set_member(state.values, "width", std::int64_t{progress.features.texts.width});
    for (const StoredTensor& tensor : progress.features.tokens) {
        state.tensors.push_back(tensor);
    }
    return unit.checkpoint(static_cast<std::int64_t>(progress.done()), state);
}

Result<Progress> restore(NativeUnit& unit) {
    Progress progress;
    const auto saved = unit.resume();
    if (!saved) return tl::unexpected(saved.error());
    if (!*saved) return progress;
    const JobState& state = **saved;
    const auto trained = state.integer("trained");
    const auto width = state.integer("width");
    const auto numbers = state.numbers("prototypes");
    if (!trained) return tl::unexpected(trained.error());
    if (!width) return tl::unexpected(width.error());
    if (!numbers) return tl::unexpected(numbers.error());
    progress.trained = static_cast<std::size_t>(*trained);
    progress.features.texts.width = static_cast<int>(*width);
    progress.prototypes = Prototypes::from_numbers(*numbers, static_cast<std::size_t>(*width));
    const Value* scenes = find_member(state.values, "scenes");
    const Array* list = scenes == nullptr ? nullptr : scenes->get_if<Array>();
    if (list == nullptr) return fail(ErrorCode::corrupted, "a checkpoint without its images");
    for (const Value& stored : *list) {
        const Object* object = stored.get_if<Object>();
        auto scene = restore_scene(object == nullptr ? Object{} : *object);
        if (!scene) return tl::unexpected(scene.error());
        progress.features.scenes.push_back(std::move(*scene));
    }
    for (const StoredTensor& tensor : state.tensors) {
        if (tensor.name != "prototypes") progress.features.tokens.push_back(tensor);
    }
    return progress;
}

Result<void> learn_from(const DiorImage& image, Inputs& inputs, Progress& progress) {
    const auto scene = load_scene(image);
    if (!scene) return tl::unexpected(scene.error());
    const auto tokens = inputs.encoder->encode(scene->picture);
    if (!tokens) return fail_with_context(tokens.error(), image.image);
    progress.features.texts.width = tokens->width;
    std::vector<ClassNumber> classes;
    for (const LabelledBox& box : scene->boxes) {
        if (std::find(classes.begin(), classes.end(), box.of) == classes.end()) {
            classes.push_back(box.of);
            progress.prototypes.add(box.of, tokens->image());
        }
    }
    ++progress.trained;
    return {};
}

Result<void> keep(const DiorImage& image, Inputs& inputs, Progress& progress) {
    auto scene = load_scene(image);
    if (!scene) return tl::unexpected(scene.error());
    const std::string key = feature_key(inputs.encoder->hash(), *scene);
    std::vector<StoredTensor>& known = progress.features.tokens;
    const bool is_new = std::none_of(known.begin(), known.end(), [&](const StoredTensor& tensor) {
        return tensor.name == key;
    });
    if (is_new) {
        const auto tokens = inputs.encoder->encode(scene->picture);
        if (!tokens) return fail_with_context(tokens.error(), image.image);
        known.push_back(store_tokens(key, *tokens));
    }
    progress.features.scenes.push_back(
        {.id = scene->id, .key = key, .boxes = std::move(scene->boxes)}
    );
    return {};
}

Result<JobEnd> ask_for_all(NativeUnit& unit, Inputs& inputs, Progress& progress) {
    const std::size_t total = inputs.training.size() + inputs.images.size();
    while (progress.done() < total) {
        const bool is_training = progress.trained < inputs.training.size();
        const auto done =
            is_training ? learn_from(inputs.training[progress.trained], inputs, progress)
                        : keep(inputs.images[progress.features.scenes.size()], inputs, progress);
        if (!done) return tl::unexpected(done.error());
        unit.progress(static_cast<std::int64_t>(progress.done()), static_cast<std::int64_t>(total));
        if (!unit.should_checkpoint()) continue;
        if (auto saved = save(unit, progress); !saved) return tl::unexpected(saved.error());
        if (unit.should_stop()) return JobEnd::checkpointed;
    }
    return JobEnd::done;
}

// Of the first images, for whoever draws on them.
Result<void> write_pictures(NativeUnit& unit, const std::vector<DiorImage>& images) {
    const auto wanted = static_cast<std::size_t>(unit.params().integer("pictures"));
    for (std::size_t i = 0; i < std::min(wanted, images.size()); ++i) {
        const auto scene = load_scene(images[i]);
        if (!scene) return tl::unexpected(scene.error());
        const auto path = unit.artifact(fmt::format("features/pictures/{}.png", scene->id));
        if (!path) return tl::unexpected(path.error());
        if (auto written = write_png(*path, scene->picture); !written) return written;
    }
    return {};
}

// The share of images whose likeliest class is one of theirs.
Result<double> image_accuracy(const Features& features) {
    double right = 0;
    for (const CachedScene& scene : features.scenes) {
        const auto stored = std::find_if(
            features.tokens.begin(),
            features.tokens.end(),
            [&](const StoredTensor& tensor) { return tensor.name == scene.key; }
        );
        const auto tokens = restore_tokens(*stored);
        if (!tokens) return tl::unexpected(tokens.error());
        if (tokens->width != features.texts.width) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("tokens have {} numbers, texts {}", tokens->width, features.texts.width)
            );
        }
        const auto likeness = compare_image(*tokens, features.texts);
        const auto best = std::max_element(likeness.begin(), likeness.end()) - likeness.begin();
        const ClassNumber chosen = features.texts.classes[static_cast<std::size_t>(best)];
        const bool is_there =
            std::any_of(scene.boxes.begin(), scene.boxes.end(), [&](const LabelledBox& box) {
                return box.of == chosen;
            });
        right += is_there ? 1 : 0;
    }
    return right / static_cast<double>(features.scenes.size());
}

std::string_view name_of(TextSource source) {
    switch (source) {
        case TextSource::table:
            return "text_features";
        case TextSource::module:
            return "text_model";
        case TextSource::prototypes:
            return "prototypes";
    }
    return "";
}

Result<void> report(NativeUnit& unit, const Inputs& inputs, const Features& features) {
    const auto hash = write_features(unit, features);
    if (!hash) return tl::unexpected(hash.error());
    const auto accuracy = image_accuracy(features);
    if (!accuracy) return tl::unexpected(accuracy.error());
    const bool leaks = !shared_ids(inputs.training, inputs.images).empty();
    return unit.report({
        {"images",                   static_cast<std::int64_t>(features.scenes.size())       },
        {"classes",                  static_cast<std::int64_t>(features.texts.classes.size())},
        {"texts",                    name_of(inputs.source)                                  },
        {"text_images",              static_cast<std::int64_t>(inputs.training.size())       },
        {"image_accuracy",           *accuracy                                               },
        {"model_hash",               features.model_hash                                     },
        {"features_hash",            *hash                                                   },
        {std::string(checks_column), leaks ? "LEAKAGE" : ""                                  },
    });
}

}  // namespace

}  // namespace heatmap

Result<JobEnd> run_heatmap_features(NativeUnit& unit) {
    using namespace heatmap;
    auto inputs = open_inputs(unit);
    if (!inputs) return tl::unexpected(inputs.error());
    auto progress = restore(unit);
    if (!progress) return tl::unexpected(progress.error());
    const auto end = ask_for_all(unit, *inputs, *progress);
    if (!end || *end == JobEnd::checkpointed) return end;
    Features& features = progress->features;
    features.model_hash = inputs->encoder->hash();
    if (!inputs->texts && progress->prototypes.is_empty()) {
        return fail(ErrorCode::invalid_input, "no box in the images that texts come from");
    }
    features.texts = inputs->texts ? *inputs->texts
                                   : progress->prototypes.texts(unit.params().number("text_share"));
    if (auto ok = report(unit, *inputs, features); !ok) return tl::unexpected(ok.error());
    if (auto ok = write_pictures(unit, inputs->images); !ok) return tl::unexpected(ok.error());
    return JobEnd::done;
}

}  // namespace xorch
