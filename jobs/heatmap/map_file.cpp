#include "jobs/heatmap/map_file.h"

#include <fmt/core.h>

#include <cstring>

#include "core/hash.h"
#include "core/io/posix_disk.h"
#include "jobs/unit_artifacts.h"

namespace xorch::heatmap {

namespace {

constexpr const char* file_name = "maps/maps.safetensors";

std::string name_of_map(std::size_t sample) {
    return fmt::format("{:06}.map", sample);
}

std::string name_of_thresholds(std::size_t sample) {
    return fmt::format("{:06}.thresholds", sample);
}

StoredTensor store(
    std::string name, std::vector<std::int64_t> shape, const std::vector<double>& values
) {
    StoredTensor tensor{
        .name = std::move(name), .type = ElementType::f64, .shape = std::move(shape), .bytes = {}};
    tensor.bytes.assign(
        reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)
    );
    return tensor;
}

std::vector<double> doubles_of(const StoredTensor& tensor) {
    std::vector<double> values(tensor.bytes.size() / sizeof(double));
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return values;
}

Result<SampleMap> restore(const StoredTensor* map, const StoredTensor* thresholds) {
    const bool is_whole = map != nullptr && map->type == ElementType::f64 &&
                          map->shape.size() == 2 && map->shape[0] == map->shape[1] &&
                          map->shape[0] > 0 && thresholds != nullptr &&
                          thresholds->type == ElementType::f64 && thresholds->shape.size() == 2 &&
                          thresholds->shape[0] == 2 && thresholds->shape[1] == 101;
    if (!is_whole) return fail(ErrorCode::corrupted, "a sample without its map or thresholds");
    const auto grid = static_cast<int>(map->shape[0]);
    PatchMap patches(grid, grid);
    patches.values = doubles_of(*map);
    const std::vector<double> both = doubles_of(*thresholds);
    const auto middle = both.begin() + static_cast<std::ptrdiff_t>(both.size() / 2);
    return SampleMap{
        .map = std::move(patches),
        .thresholds = Thresholds({both.begin(), middle}, {middle, both.end()})};
}

}  // namespace

Result<std::string> write_maps(NativeUnit& unit, const std::vector<SampleMap>& maps) {
    std::vector<StoredTensor> tensors;
    for (std::size_t sample = 0; sample < maps.size(); ++sample) {
        const PatchMap& map = maps[sample].map;
        tensors.push_back(store(name_of_map(sample), {map.height, map.width}, map.values));
        std::vector<double> both = maps[sample].thresholds.percentiles();
        const std::vector<double>& tops = maps[sample].thresholds.tops();
        both.insert(both.end(), tops.begin(), tops.end());
        tensors.push_back(store(name_of_thresholds(sample), {2, 101}, both));
    }
    const auto path = unit.artifact(file_name);
    if (!path) return tl::unexpected(path.error());
    const std::string bytes = format_tensors(tensors);
    PosixDisk disk;
    if (auto written = write_file_atomically(disk, *path, bytes); !written) {
        return tl::unexpected(written.error());
    }
    return hash_text(bytes);
}

Result<ReadMaps> read_maps(const NativeUnit& unit, std::size_t samples) {
    const auto path = find_left(unit, file_name);
    if (!path) return tl::unexpected(path.error());
    if (!*path) return fail(ErrorCode::not_found, "no input left maps (heatmap.maps does)");
    PosixDisk disk;
    const auto bytes = disk.read(**path);
    if (!bytes) return tl::unexpected(bytes.error());
    ReadMaps read;
    for (const UnitInput& input : unit.inputs()) {
        if (input.directory + "/" + file_name == **path) read.made_by = &input;
    }
    const Value* hash = read.made_by->records.empty()
                            ? nullptr
                            : find_member(read.made_by->records.back(), "maps_hash");
    if (hash == nullptr || *hash != Value(hash_text(*bytes))) {
        return fail(ErrorCode::corrupted, **path + ": not the maps that the unit's record names");
    }
    const auto tensors = parse_tensors(*bytes);
    if (!tensors) return fail_with_context(tensors.error(), **path);
    if (tensors->size() != 2 * samples) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("{}: {} maps for {} samples", **path, tensors->size() / 2, samples)
        );
    }
    JobState state;
    state.tensors = *tensors;
    for (std::size_t sample = 0; sample < samples; ++sample) {
        auto map = restore(
            state.find_tensor(name_of_map(sample)), state.find_tensor(name_of_thresholds(sample))
        );
        if (!map) return fail_with_context(map.error(), **path);
        read.maps.push_back(std::move(*map));
    }
    return read;
}

}  // namespace xorch::heatmap
