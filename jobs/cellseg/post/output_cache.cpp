#include "jobs/cellseg/post/output_cache.h"

#include <fmt/core.h>

#include <array>
#include <cstring>
#include <filesystem>

#include "core/hash.h"
#include "core/io/posix_disk.h"
#include "jobs/cellseg/data/delimited_table.h"
#include "jobs/cellseg/unit_images.h"

namespace xorch::cellseg {

namespace {

namespace fs = std::filesystem;

constexpr const char* outputs_folder = "outputs";
constexpr const char* index_name = "index.tsv";

std::string_view bytes_of(const Plane& plane) {
    return {
        reinterpret_cast<const char*>(plane.values.data()), plane.values.size() * sizeof(float)};
}

std::string file_of(const std::string& folder, const std::string& key) {
    return folder + "/" + key + ".safetensors";
}

template <class T>
Result<T> member_of(const Object& record, std::string_view name) {
    const Value* value = find_member(record, name);
    const T* found = value == nullptr ? nullptr : value->get_if<T>();
    if (found != nullptr) return *found;
    return fail(
        ErrorCode::invalid_input,
        fmt::format("the record of the unit that left outputs has no \"{}\"", name)
    );
}

// The input whose artifacts include outputs/; there must be one.
Result<const UnitInput*> find_producer(const NativeUnit& unit) {
    const UnitInput* found = nullptr;
    for (const UnitInput& input : unit.inputs()) {
        std::error_code error;
        if (!fs::exists(fs::path(input.directory) / outputs_folder, error)) continue;
        if (found != nullptr) {
            return fail(ErrorCode::conflict, "more than one input left network outputs");
        }
        found = &input;
    }
    if (found == nullptr || found->records.empty()) {
        return fail(ErrorCode::not_found, "no input left network outputs (cellseg.predict does)");
    }
    return found;
}

}  // namespace

std::string output_key(const std::string& model_hash, const CellImage& image, int tile) {
    Hasher hasher;
    hasher.add(fmt::format(
        "{} {} {} {}\n", model_hash, tile, image.channels[0].height, image.channels[0].width
    ));
    for (const Plane& channel : image.channels) {
        hasher.add(bytes_of(channel));
    }
    return hasher.finish();
}

StoredTensor store_output(const std::string& key, const NetworkOutput& output) {
    StoredTensor tensor{
        .name = key,
        .type = ElementType::f32,
        .shape = {3,                      output.cellprob.height, output.cellprob.width},
        .bytes = {                     }
    };
    for (const Plane* plane : {&output.flow.y, &output.flow.x, &output.cellprob}) {
        tensor.bytes += bytes_of(*plane);
    }
    return tensor;
}

Result<NetworkOutput> restore_output(const StoredTensor& tensor) {
    if (tensor.type != ElementType::f32 || tensor.shape.size() != 3 || tensor.shape[0] != 3) {
        return fail(ErrorCode::corrupted, tensor.name + " is no output of a network");
    }
    const auto height = static_cast<int>(tensor.shape[1]);
    const auto width = static_cast<int>(tensor.shape[2]);
    std::array<Plane, 3> planes{Plane(height, width), Plane(height, width), Plane(height, width)};
    const std::size_t bytes = bytes_of(planes[0]).size();
    if (tensor.bytes.size() != 3 * bytes) {
        return fail(ErrorCode::corrupted, tensor.name + " has not as many values as its shape");
    }
    for (std::size_t i = 0; i < planes.size(); ++i) {
        std::memcpy(planes[i].values.data(), tensor.bytes.data() + i * bytes, bytes);
    }
    NetworkOutput output;
    output.flow.y = std::move(planes[0]);
    output.flow.x = std::move(planes[1]);
    output.cellprob = std::move(planes[2]);
    return output;
}

Result<std::string> write_outputs(
    NativeUnit& unit, const std::vector<CellImage>& images, const std::vector<StoredTensor>& outputs
) {
    XORCH_CHECK(images.size() == outputs.size(), "an output per image is written");
    const auto index = unit.artifact(fmt::format("{}/{}", outputs_folder, index_name));
    if (!index) return tl::unexpected(index.error());
    const std::string folder = fs::path(*index).parent_path().string();
    std::string table = "name\tgroup\tkey\thash\n";
    PosixDisk disk;
    for (std::size_t i = 0; i < images.size(); ++i) {
        const std::string bytes = format_tensors({outputs[i]});
        const std::string file = file_of(folder, outputs[i].name);
        if (auto written = write_file_atomically(disk, file, bytes); !written) {
            return tl::unexpected(written.error());
        }
        table += fmt::format(
            "{}\t{}\t{}\t{}\n", images[i].name, images[i].group, outputs[i].name, hash_text(bytes)
        );
    }
    if (auto written = write_file_atomically(disk, *index, table); !written) {
        return tl::unexpected(written.error());
    }
    return hash_text(table);
}

Result<OutputCache> OutputCache::open(const NativeUnit& unit) {
    const auto producer = find_producer(unit);
    if (!producer) return tl::unexpected(producer.error());
    const Object& record = (*producer)->records.back();
    const auto model_hash = member_of<std::string>(record, "model_hash");
    const auto index_hash = member_of<std::string>(record, "outputs_hash");
    const auto tile = member_of<std::int64_t>(record, "tile");
    if (!model_hash) return tl::unexpected(model_hash.error());
    if (!index_hash) return tl::unexpected(index_hash.error());
    if (!tile) return tl::unexpected(tile.error());
    OutputCache cache;
    cache.folder_ = (*producer)->directory + "/" + outputs_folder;
    cache.model_hash_ = *model_hash;
    cache.tile_ = static_cast<int>(*tile);
    const std::string path = cache.folder_ + "/" + index_name;
    PosixDisk disk;
    const auto text = disk.read(path);
    if (!text) return tl::unexpected(text.error());
    if (hash_text(*text) != *index_hash) {
        return fail(ErrorCode::corrupted, path + ": not the index that the unit's record names");
    }
    const auto table = parse_delimited(*text);
    if (!table) return fail_with_context(table.error(), path);
    const auto columns = find_columns(*table, {"key", "hash"});
    if (!columns) return fail_with_context(columns.error(), path);
    for (const std::vector<std::string>& row : table->rows) {
        cache.hash_of_[row[(*columns)[0]]] = row[(*columns)[1]];
    }
    return cache;
}

Result<NetworkOutput> OutputCache::find(const CellImage& image) const {
    const std::string key = output_key(model_hash_, image, tile_);
    const auto expected = hash_of_.find(key);
    if (expected == hash_of_.end()) {
        return fail(
            ErrorCode::not_found,
            fmt::format("no output of the network {} for the image {}", model_hash_, image.name)
        );
    }
    const std::string path = file_of(folder_, key);
    PosixDisk disk;
    const auto bytes = disk.read(path);
    if (!bytes) return fail_with_context(bytes.error(), "the output for " + image.name);
    if (hash_text(*bytes) != expected->second) {
        return fail(ErrorCode::corrupted, path + ": not what the network answered");
    }
    const auto tensors = parse_tensors(*bytes);
    if (!tensors) return fail_with_context(tensors.error(), path);
    if (tensors->size() != 1 || tensors->front().name != key) {
        return fail(ErrorCode::corrupted, path + ": the answer to another image");
    }
    return restore_output(tensors->front());
}

}  // namespace xorch::cellseg
