#include "jobs/anomaly/data/saved_scores.h"

#include <fmt/core.h>

#include <cmath>
#include <optional>
#include <utility>

#include "core/json.h"
#include "jobs/files/file_bytes.h"

namespace xorch::anomaly {

namespace {

// Files that have both branches come first.
constexpr const char* modes[] = {"max", "harmonic", "oracle", "semantic", "memory"};

struct Found {
    std::string path;
    Array items;  // one per image
};

// Nothing if there is no such file, or it has no such scores.
Result<std::optional<Found>> find_in(const std::string& path, const std::string& key) {
    const auto bytes = read_bytes(path);
    if (!bytes && bytes.error().code == ErrorCode::not_found) return std::optional<Found>();
    if (!bytes) return fail_with_context(bytes.error(), path);
    auto value = parse_json(*bytes);
    if (!value) return fail_with_context(value.error(), path);
    const Value* scores = value->find(key);
    const Array* items = scores == nullptr ? nullptr : scores->get_if<Array>();
    if (items == nullptr) return std::optional<Found>();
    return std::optional(Found{.path = path, .items = *items});
}

Result<Found> find_scores(const SavedPlace& place, const char* task, const std::string& key) {
    const std::string folder =
        fmt::format("{}/{}/k_{}/metadata/{}", place.folder, place.dataset, place.k_shot, task);
    for (const char* mode : modes) {
        auto found = find_in(
            fmt::format("{}/{}_seed{}_{}.json", folder, place.class_name, place.seed, mode), key
        );
        if (!found) return tl::unexpected(found.error());
        if (*found) return std::move(**found);
    }
    return fail(
        ErrorCode::not_found, fmt::format("{}: no file of {} has {}", folder, place.class_name, key)
    );
}

Result<float> number_in(const Value& value) {
    const auto number = value.as_number();
    if (number && std::isfinite(*number)) return static_cast<float>(*number);
    return fail(ErrorCode::corrupted, "a score that is no number");
}

// Rows of one map; a channel of its own around them is taken off.
Result<Plane> map_in(const Value& value) {
    const Array* rows = value.get_if<Array>();
    if (rows != nullptr && rows->size() == 1) rows = rows->front().get_if<Array>();
    if (rows == nullptr || rows->empty()) return fail(ErrorCode::corrupted, "scores without a map");
    const auto side = static_cast<int>(rows->size());
    Plane map(side, side);
    for (int y = 0; y < side; ++y) {
        const Array* row = (*rows)[static_cast<std::size_t>(y)].get_if<Array>();
        if (row == nullptr || row->size() != rows->size()) {
            return fail(ErrorCode::corrupted, "a map that is no square of patches");
        }
        for (int x = 0; x < side; ++x) {
            const auto number = number_in((*row)[static_cast<std::size_t>(x)]);
            if (!number) return tl::unexpected(number.error());
            map.at(y, x) = *number;
        }
    }
    return map;
}

}  // namespace

Result<std::vector<Plane>> read_saved_maps(const SavedPlace& place, SavedBranch branch) {
    const bool semantic = branch == SavedBranch::semantic;
    const auto found = find_scores(place, "seg", semantic ? "semantic_scores" : "memory_scores");
    if (!found) return tl::unexpected(found.error());
    std::vector<Plane> maps;
    for (const Value& item : found->items) {
        auto map = map_in(item);
        if (!map) return fail_with_context(map.error(), found->path);
        maps.push_back(std::move(*map));
    }
    return maps;
}

Result<std::vector<float>> read_saved_semantic(const SavedPlace& place) {
    const auto found = find_scores(place, "cls", "semantic_scores");
    if (!found) return tl::unexpected(found.error());
    std::vector<float> scores;
    for (const Value& item : found->items) {
        const auto number = number_in(item);
        if (!number) return fail_with_context(number.error(), found->path);
        scores.push_back(*number);
    }
    return scores;
}

}  // namespace xorch::anomaly
