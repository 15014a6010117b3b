#include "jobs/heatmap/encode/feature_cache.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "core/hash.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "jobs/files/image_file.h"
#include "jobs/unit_artifacts.h"

namespace xorch::heatmap {

namespace {

namespace fs = std::filesystem;

constexpr const char* folder_name = "features";
constexpr const char* index_name = "index.json";
constexpr const char* texts_name = "texts";

std::string file_of(const std::string& name) {
    return name + ".safetensors";
}

StoredTensor store_floats(
    std::string name, std::vector<std::int64_t> shape, const std::vector<float>& values
) {
    StoredTensor tensor{
        .name = std::move(name), .type = ElementType::f32, .shape = std::move(shape), .bytes = {}};
    tensor.bytes.assign(
        reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)
    );
    return tensor;
}

std::vector<float> floats_of(const StoredTensor& tensor) {
    std::vector<float> values(tensor.bytes.size() / sizeof(float));
    std::memcpy(values.data(), tensor.bytes.data(), values.size() * sizeof(float));
    return values;
}

StoredTensor store_texts(const TextFeatures& texts) {
    const auto classes = static_cast<std::int64_t>(texts.classes.size());
    return store_floats(texts_name, {classes, texts.width}, texts.values);
}

Object store_box(const LabelledBox& labelled) {
    const Box& box = labelled.box;
    return {
        {"class", Value(name_of(labelled.of))                    },
        {"box",   Array{box.left, box.top, box.right, box.bottom}},
    };
}

Result<LabelledBox> restore_box(const Value& stored) {
    const Value* name = stored.find("class");
    const Value* box = stored.find("box");
    const auto* text = name == nullptr ? nullptr : name->get_if<std::string>();
    const Array* sides = box == nullptr ? nullptr : box->get_if<Array>();
    const auto number = text == nullptr ? std::nullopt : match_class(*text);
    if (!number || sides == nullptr || sides->size() != 4) {
        return fail(ErrorCode::corrupted, "a box without class or sides");
    }
    std::vector<double> at;
    for (const Value& side : *sides) {
        at.push_back(side.as_number().value_or(0));
    }
    return LabelledBox{
        .of = *number, .box = {at[0], at[1], at[2], at[3]}
    };
}

std::string text_of(const Value* value) {
    const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
    return text == nullptr ? "" : *text;
}

// The hash of the index in the record of the unit that left this folder; empty = there is none.
std::string recorded_hash(const NativeUnit& unit, const std::string& folder) {
    for (const UnitInput& input : unit.inputs()) {
        if (input.directory + "/" + folder_name != folder || input.records.empty()) continue;
        return text_of(find_member(input.records.back(), "features_hash"));
    }
    return "";
}

// Beside the index.
Result<std::string> write_tensor(const fs::path& folder, const StoredTensor& tensor) {
    const std::string bytes = format_tensors({tensor});
    PosixDisk disk;
    auto written = write_file_atomically(disk, (folder / file_of(tensor.name)).string(), bytes);
    if (!written) return tl::unexpected(written.error());
    return hash_text(bytes);
}

}  // namespace

std::string feature_key(const std::string& model_hash, const Scene& scene) {
    return hash_text(model_hash + " " + scene.hash);
}

StoredTensor store_tokens(const std::string& key, const Tokens& tokens) {
    return store_floats(key, {tokens.patches() + 1, tokens.width}, tokens.values);
}

Result<Tokens> restore_tokens(const StoredTensor& tensor) {
    const bool is_matrix = tensor.type == ElementType::f32 && tensor.shape.size() == 2;
    int grid = 0;
    while (is_matrix && std::int64_t{grid} * grid + 1 < tensor.shape[0]) {
        ++grid;
    }
    if (!is_matrix || grid == 0 || std::int64_t{grid} * grid + 1 != tensor.shape[0]) {
        return fail(ErrorCode::corrupted, tensor.name + " are no tokens of an image");
    }
    return Tokens{
        .grid = grid, .width = static_cast<int>(tensor.shape[1]), .values = floats_of(tensor)};
}

Object store_scene(const CachedScene& scene) {
    Array boxes;
    for (const LabelledBox& box : scene.boxes) {
        boxes.emplace_back(store_box(box));
    }
    return {
        {"id",    scene.id },
        {"key",   scene.key},
        {"boxes", boxes    },
    };
}

Result<CachedScene> restore_scene(const Object& stored) {
    CachedScene scene{
        .id = text_of(find_member(stored, "id")), .key = text_of(find_member(stored, "key"))};
    const Value* boxes = find_member(stored, "boxes");
    const Array* list = boxes == nullptr ? nullptr : boxes->get_if<Array>();
    if (scene.id.empty() || scene.key.empty() || list == nullptr) {
        return fail(ErrorCode::corrupted, "an image without id, key or boxes");
    }
    for (const Value& each : *list) {
        const auto box = restore_box(each);
        if (!box) return fail_with_context(box.error(), scene.id);
        scene.boxes.push_back(*box);
    }
    return scene;
}

Result<std::string> write_features(NativeUnit& unit, const Features& features) {
    const auto index = unit.artifact(fmt::format("{}/{}", folder_name, index_name));
    if (!index) return tl::unexpected(index.error());
    const fs::path folder = fs::path(*index).parent_path();
    Object hashes;
    for (const StoredTensor& tensor : features.tokens) {
        const auto hash = write_tensor(folder, tensor);
        if (!hash) return tl::unexpected(hash.error());
        set_member(hashes, tensor.name, *hash);
    }
    const auto texts = write_tensor(folder, store_texts(features.texts));
    if (!texts) return tl::unexpected(texts.error());
    set_member(hashes, texts_name, *texts);
    Array classes;
    for (const ClassNumber number : features.texts.classes) {
        classes.emplace_back(name_of(number));
    }
    Array scenes;
    for (const CachedScene& scene : features.scenes) {
        scenes.emplace_back(store_scene(scene));
    }
    const std::string text = format_json_pretty(Object{
        {"model_hash", features.model_hash},
        {"classes",    classes            },
        {"hashes",     hashes             },
        {"images",     scenes             },
    });
    PosixDisk disk;
    if (auto written = write_file_atomically(disk, *index, text); !written) {
        return tl::unexpected(written.error());
    }
    return hash_text(text);
}

Result<FeatureCache> FeatureCache::open(const NativeUnit& unit) {
    const auto folder = find_left(unit, folder_name);
    if (!folder) return tl::unexpected(folder.error());
    if (!*folder) {
        return fail(ErrorCode::not_found, "no input left features (heatmap.features does)");
    }
    FeatureCache cache;
    cache.folder_ = **folder;
    const std::string path = cache.folder_ + "/" + index_name;
    PosixDisk disk;
    const auto text = disk.read(path);
    if (!text) return tl::unexpected(text.error());
    if (recorded_hash(unit, cache.folder_) != hash_text(*text)) {
        return fail(ErrorCode::corrupted, path + ": not the index that the unit's record names");
    }
    if (auto read = cache.read_index(*text); !read) return fail_with_context(read.error(), path);
    const auto texts = cache.read_checked(texts_name);
    if (!texts) return tl::unexpected(texts.error());
    const auto tensors = parse_tensors(*texts);
    if (!tensors) return fail_with_context(tensors.error(), texts_name);
    const StoredTensor& tensor = tensors->at(0);
    if (tensor.shape.size() != 2 ||
        tensor.shape[0] != static_cast<std::int64_t>(cache.texts_.classes.size())) {
        return fail(ErrorCode::corrupted, path + ": not as many texts as classes");
    }
    cache.texts_.width = static_cast<int>(tensor.shape[1]);
    cache.texts_.values = floats_of(tensor);
    return cache;
}

Result<void> FeatureCache::read_index(const std::string& text) {
    const auto index = parse_json(text);
    if (!index) return tl::unexpected(index.error());
    const Value* classes = index->find("classes");
    const Value* hashes = index->find("hashes");
    const Value* images = index->find("images");
    const bool is_whole = classes != nullptr && classes->get_if<Array>() != nullptr &&
                          hashes != nullptr && hashes->get_if<Object>() != nullptr &&
                          images != nullptr && images->get_if<Array>() != nullptr;
    if (!is_whole) return fail(ErrorCode::corrupted, "no index of features");
    for (const Value& name : *classes->get_if<Array>()) {
        const auto number = match_class(text_of(&name));
        if (!number) return fail(ErrorCode::corrupted, "a text of no class");
        texts_.classes.push_back(*number);
    }
    for (const auto& [name, hash] : *hashes->get_if<Object>()) {
        hash_of_[name] = text_of(&hash);
    }
    for (const Value& image : *images->get_if<Array>()) {
        const Object* stored = image.get_if<Object>();
        auto scene = restore_scene(stored == nullptr ? Object{} : *stored);
        if (!scene) return tl::unexpected(scene.error());
        scenes_.push_back(std::move(*scene));
    }
    return {};
}

Result<std::string> FeatureCache::read_checked(const std::string& name) const {
    const std::string path = folder_ + "/" + file_of(name);
    PosixDisk disk;
    auto bytes = disk.read(path);
    if (!bytes) return bytes;
    const auto hash = hash_of_.find(name);
    if (hash != hash_of_.end() && hash->second == hash_text(*bytes)) return bytes;
    return fail(ErrorCode::corrupted, path + ": not what the encoder answered");
}

Result<Tokens> FeatureCache::tokens(const CachedScene& scene) const {
    const auto bytes = read_checked(scene.key);
    if (!bytes) return fail_with_context(bytes.error(), "the tokens of " + scene.id);
    const auto tensors = parse_tensors(*bytes);
    if (!tensors) return fail_with_context(tensors.error(), "the tokens of " + scene.id);
    auto tokens = restore_tokens(tensors->at(0));
    if (!tokens || tokens->width == texts_.width) return tokens;
    return fail(
        ErrorCode::invalid_input,
        fmt::format("{}: tokens of {} numbers, texts of {}", scene.id, tokens->width, texts_.width)
    );
}

Result<Picture> FeatureCache::picture(const CachedScene& scene) const {
    const auto raster = read_raster(fmt::format("{}/pictures/{}.png", folder_, scene.id));
    if (!raster) return tl::unexpected(raster.error());
    Picture picture(raster->height, raster->width);
    for (int y = 0; y < picture.height; ++y) {
        for (int x = 0; x < picture.width; ++x) {
            const auto level = [&](int channel) {
                return static_cast<std::uint8_t>(raster->at(y, x, channel));
            };
            picture.at(y, x) = {level(0), level(1), level(2)};
        }
    }
    return picture;
}

Result<std::vector<Sample>> FeatureCache::samples() const {
    std::vector<Sample> samples;
    for (std::size_t scene = 0; scene < scenes_.size(); ++scene) {
        std::map<ClassNumber, std::vector<Box>> boxes;
        for (const LabelledBox& labelled : scenes_[scene].boxes) {
            boxes[labelled.of].push_back(labelled.box);
        }
        for (auto& [number, own] : boxes) {
            const auto& classes = texts_.classes;
            const auto place = std::find(classes.begin(), classes.end(), number);
            if (place == classes.end()) {
                return fail(
                    ErrorCode::invalid_input,
                    fmt::format("{}: no text for {}", scenes_[scene].id, name_of(number))
                );
            }
            samples.push_back(
                {.scene = scene,
                 .of = number,
                 .place = static_cast<std::size_t>(place - classes.begin()),
                 .boxes = std::move(own)}
            );
        }
    }
    if (samples.empty()) return fail(ErrorCode::invalid_input, "images without a single box");
    return samples;
}

}  // namespace xorch::heatmap
