#include "jobs/anomaly/score/task_maps.h"

#include <fmt/core.h>

#include <cstring>
#include <filesystem>

#include "core/hash.h"
#include "core/io/posix_disk.h"

namespace xorch::anomaly {

namespace {

constexpr std::size_t bits = 8;  // of a byte: masks are kept as bits

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string pack(const TruthMask& mask) {
    std::string packed((mask.values.size() + bits - 1) / bits, '\0');
    for (std::size_t i = 0; i < mask.values.size(); ++i) {
        const unsigned bit = mask.values[i] != 0 ? 1U << (i % bits) : 0U;
        packed[i / bits] = static_cast<char>(static_cast<unsigned char>(packed[i / bits]) | bit);
    }
    return packed;
}

void unpack(std::string_view packed, TruthMask& mask) {
    for (std::size_t i = 0; i < mask.values.size(); ++i) {
        mask.values[i] = (static_cast<unsigned char>(packed[i / bits]) >> (i % bits)) & 1U;
    }
}

struct Sizes {
    std::int64_t images = 0;
    std::int64_t height = 0;  // of the maps
    std::int64_t width = 0;
    std::int64_t resolution = 0;  // of the masks
};

StoredTensor empty_maps(const char* name, const Sizes& sizes) {
    return {
        .name = name,
        .type = ElementType::f32,
        .shape = {sizes.images, sizes.height, sizes.width},
        .bytes = {           }
    };
}

std::size_t packed_bytes(std::int64_t resolution) {
    return (static_cast<std::size_t>(resolution * resolution) + bits - 1) / bits;
}

// The tensor, if it is of that type and shape.
Result<const StoredTensor*> expect(
    const JobState& state, const char* name, ElementType type, std::vector<std::int64_t> shape
) {
    const StoredTensor* tensor = state.find_tensor(name);
    if (tensor == nullptr) {
        return fail(ErrorCode::corrupted, fmt::format("there are no {} scores", name));
    }
    std::size_t bytes = element_bytes(type);
    for (const std::int64_t length : shape) {
        bytes *= static_cast<std::size_t>(length);
    }
    if (tensor->type == type && tensor->shape == shape && tensor->bytes.size() == bytes) {
        return tensor;
    }
    return fail(ErrorCode::corrupted, fmt::format("{} has another shape than the rest", name));
}

Result<Sizes> sizes_of(const JobState& state) {
    const auto resolution = state.integer("resolution");
    if (!resolution) return tl::unexpected(resolution.error());
    const StoredTensor* maps = state.find_tensor("semantic_map");
    constexpr std::int64_t side_max = 1 << 14;
    if (maps == nullptr || maps->shape.size() != 3 || *resolution < 1 || *resolution > side_max) {
        return fail(ErrorCode::corrupted, "there are no maps of scores by patch");
    }
    return Sizes{maps->shape[0], maps->shape[1], maps->shape[2], *resolution};
}

Result<std::vector<std::string>> names_of(const JobState& state, std::int64_t images) {
    const Value* value = find_member(state.values, "names");
    const Array* array = value == nullptr ? nullptr : value->get_if<Array>();
    std::vector<std::string> names;
    for (const Value& name : array == nullptr ? Array{} : *array) {
        if (const auto* text = name.get_if<std::string>()) names.push_back(*text);
    }
    if (names.size() == static_cast<std::size_t>(images)) return names;
    return fail(ErrorCode::corrupted, "not every image has a name");
}

struct Tensors {
    const StoredTensor* semantic_map;
    const StoredTensor* memory_map;
    const StoredTensor* margin_map;
    const StoredTensor* semantic;
    const StoredTensor* abnormal;
    const StoredTensor* masks;
};

Result<Tensors> find_tensors(const JobState& state, const Sizes& sizes) {
    struct Wanted {
        const char* name;
        ElementType type;
        std::vector<std::int64_t> shape;
    };

    const std::vector<std::int64_t> maps{sizes.images, sizes.height, sizes.width};
    const auto mask = static_cast<std::int64_t>(packed_bytes(sizes.resolution));
    const Wanted wanted[] = {
        {"semantic_map", ElementType::f32, maps                },
        {"memory_map",   ElementType::f32, maps                },
        {"margin_map",   ElementType::f32, maps                },
        {"semantic",     ElementType::f32, {sizes.images}      },
        {"abnormal",     ElementType::u8,  {sizes.images}      },
        {"masks",        ElementType::u8,  {sizes.images, mask}},
    };
    std::vector<const StoredTensor*> found;
    for (const Wanted& each : wanted) {
        const auto tensor = expect(state, each.name, each.type, each.shape);
        if (!tensor) return tl::unexpected(tensor.error());
        found.push_back(*tensor);
    }
    return Tensors{found[0], found[1], found[2], found[3], found[4], found[5]};
}

Plane map_of(const StoredTensor& tensor, std::size_t image, const Sizes& sizes) {
    Plane map(static_cast<int>(sizes.height), static_cast<int>(sizes.width));
    const std::size_t bytes = map.values.size() * sizeof(float);
    if (bytes > 0) std::memcpy(map.values.data(), tensor.bytes.data() + image * bytes, bytes);
    return map;
}

ImageScores image_at(const Tensors& tensors, std::size_t image, const Sizes& sizes) {
    ImageScores scores;
    scores.abnormal = tensors.abnormal->bytes[image] != 0;
    std::memcpy(
        &scores.semantic, tensors.semantic->bytes.data() + image * sizeof(float), sizeof(float)
    );
    scores.semantic_map = map_of(*tensors.semantic_map, image, sizes);
    scores.memory_map = map_of(*tensors.memory_map, image, sizes);
    scores.margin_map = map_of(*tensors.margin_map, image, sizes);
    const auto side = static_cast<int>(sizes.resolution);
    scores.mask = TruthMask(side, side);
    const std::size_t packed = packed_bytes(sizes.resolution);
    unpack(std::string_view(tensors.masks->bytes).substr(image * packed, packed), scores.mask);
    return scores;
}

// Of the files as save_job_state() leaves them.
Result<std::string> hash_files(Disk& disk, const std::string& folder) {
    Hasher hasher;
    for (const char* name : {"state.json", "tensors.safetensors"}) {
        const auto bytes = disk.read(folder + "/" + name);
        if (!bytes) return tl::unexpected(bytes.error());
        hasher.add(fmt::format("{} {}\n", name, bytes->size()));
        hasher.add(*bytes);
    }
    return hasher.finish();
}

}  // namespace

JobState store_maps(const TaskMaps& maps) {
    Sizes sizes;
    sizes.images = static_cast<std::int64_t>(maps.images.size());
    if (!maps.images.empty()) {
        sizes.height = maps.images[0].semantic_map.height;
        sizes.width = maps.images[0].semantic_map.width;
        sizes.resolution = maps.images[0].mask.height;
    }
    Array names;
    StoredTensor semantic_map = empty_maps("semantic_map", sizes);
    StoredTensor memory_map = empty_maps("memory_map", sizes);
    StoredTensor margin_map = empty_maps("margin_map", sizes);
    StoredTensor semantic{"semantic", ElementType::f32, {sizes.images}, {}};
    StoredTensor abnormal{"abnormal", ElementType::u8, {sizes.images}, {}};
    const auto packed = static_cast<std::int64_t>(packed_bytes(sizes.resolution));
    StoredTensor masks{
        "masks", ElementType::u8, {sizes.images, packed},
          {            }
    };
    for (const ImageScores& image : maps.images) {
        names.emplace_back(image.name);
        semantic_map.bytes += bytes_of(image.semantic_map.values);
        memory_map.bytes += bytes_of(image.memory_map.values);
        margin_map.bytes += bytes_of(image.margin_map.values);
        semantic.bytes += bytes_of(std::vector<float>{image.semantic});
        abnormal.bytes += image.abnormal ? '\1' : '\0';
        masks.bytes += pack(image.mask);
    }
    JobState state;
    state.values = {
        {"manifest_hash", maps.manifest_hash},
        {"encoder_hash",  maps.encoder_hash },
        {"resolution",    sizes.resolution  },
        {"names",         std::move(names)  },
    };
    for (StoredTensor* tensor :
         {&semantic_map, &memory_map, &margin_map, &semantic, &abnormal, &masks}) {
        state.tensors.push_back(std::move(*tensor));
    }
    return state;
}

Result<TaskMaps> restore_maps(const JobState& state) {
    const auto manifest = state.text("manifest_hash");
    const auto encoder = state.text("encoder_hash");
    const auto sizes = sizes_of(state);
    if (!manifest) return tl::unexpected(manifest.error());
    if (!encoder) return tl::unexpected(encoder.error());
    if (!sizes) return tl::unexpected(sizes.error());
    auto names = names_of(state, sizes->images);
    if (!names) return tl::unexpected(names.error());
    const auto tensors = find_tensors(state, *sizes);
    if (!tensors) return tl::unexpected(tensors.error());
    TaskMaps maps{.manifest_hash = *manifest, .encoder_hash = *encoder, .images = {}};
    for (std::size_t i = 0; i < names->size(); ++i) {
        maps.images.push_back(image_at(*tensors, i, *sizes));
        maps.images.back().name = std::move((*names)[i]);
    }
    return maps;
}

Result<std::string> write_maps(const std::string& folder, const TaskMaps& maps) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail_from_errno("making " + folder, error.value());
    PosixDisk disk;
    // What an earlier attempt left.
    for (const char* name : {"/state.json", "/tensors.safetensors"}) {
        std::filesystem::remove(folder + name, error);
    }
    const auto saved = save_job_state(disk, folder, store_maps(maps));
    if (!saved) return tl::unexpected(saved.error());
    return hash_files(disk, folder);
}

Result<TaskMaps> read_maps(const std::string& folder, const std::string& hash) {
    PosixDisk disk;
    if (!hash.empty()) {
        const auto found = hash_files(disk, folder);
        if (!found) return tl::unexpected(found.error());
        if (*found != hash) {
            return fail(
                ErrorCode::conflict, folder + ": not the maps that the unit's record names"
            );
        }
    }
    const auto state = load_job_state(disk, folder);
    if (!state) return fail_with_context(state.error(), folder);
    auto maps = restore_maps(*state);
    if (!maps) return fail_with_context(maps.error(), folder);
    return maps;
}

}  // namespace xorch::anomaly
