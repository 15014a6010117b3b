#include "jobs/cellseg/data/cell_folder.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>

#include "jobs/cellseg/data/split_file.h"

namespace xorch::cellseg {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view marker_ending = "_marker";

bool is_image_name(const fs::path& path) {
    const std::string ending = path.extension().string();
    return ending == ".png" || ending == ".tif" || ending == ".tiff";
}

// Plain files, sorted; none if there is no such folder.
std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (entry.is_regular_file(error)) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

// The stem without the ending, or nothing if it has none.
std::optional<std::string> without(const std::string& stem, std::string_view ending) {
    if (stem.size() <= ending.size() || !stem.ends_with(ending)) return std::nullopt;
    return stem.substr(0, stem.size() - ending.size());
}

std::optional<std::string> mask_owner(const std::string& stem) {
    for (const std::string_view ending : {"_cp_masks", "_masks", "_mask", "_cellbodies"}) {
        if (auto owner = without(stem, ending)) return owner;
    }
    return std::nullopt;
}

tl::unexpected<Error> refuse(const fs::path& path, std::string_view reason) {
    return fail(ErrorCode::invalid_input, fmt::format("{}: {}", path.string(), reason));
}

using Paths = std::map<std::string, fs::path>;  // by name

struct Pairs {
    Paths images;
    Paths markers;
    Paths masks;
};

Result<void> add_unique(Paths& paths, const std::string& name, const fs::path& path) {
    const auto [there, is_new] = paths.try_emplace(name, path);
    if (is_new) return {};
    return refuse(path, "a second file for " + name + ", beside " + there->second.string());
}

Result<void> collect(const fs::path& folder, Pairs& pairs) {
    for (const fs::path& path : files_in(folder)) {
        const bool array = path.extension() == ".npy";
        if (!is_image_name(path) && !array) continue;
        const std::string stem = path.stem().string();
        Result<void> added;
        if (const auto owner = mask_owner(stem)) {
            added = add_unique(pairs.masks, *owner, path);
        } else if (const auto owner_of_marker = without(stem, marker_ending)) {
            added = add_unique(pairs.markers, *owner_of_marker, path);
        } else if (!array) {
            added = add_unique(pairs.images, stem, path);
        }
        if (!added) return added;
    }
    return {};
}

Result<std::vector<CellFile>> join(const Pairs& pairs) {
    std::vector<CellFile> files;
    for (const auto& [name, image] : pairs.images) {
        const auto mask = pairs.masks.find(name);
        if (mask == pairs.masks.end()) return refuse(image, "an image without a mask");
        const auto marker = pairs.markers.find(name);
        files.push_back(
            {.name = name,
             .group = name.substr(0, name.find('_')),
             .split = {},
             .image = image.string(),
             .marker = marker == pairs.markers.end() ? "" : marker->second.string(),
             .mask = mask->second.string()}
        );
    }
    for (const auto& [name, mask] : pairs.masks) {
        if (!pairs.images.contains(name)) return refuse(mask, "a mask without an image");
    }
    for (const auto& [name, marker] : pairs.markers) {
        if (!pairs.images.contains(name)) return refuse(marker, "a marker without an image");
    }
    return files;
}

Result<std::vector<CellFile>> list_prepared(const fs::path& folder) {
    std::vector<CellFile> files;
    for (const std::string split : {"train", "val", "test"}) {
        Pairs pairs;
        const auto collected = collect(folder / (split + "_cells"), pairs);
        if (!collected) return tl::unexpected(collected.error());
        auto joined = join(pairs);
        if (!joined) return joined;
        for (CellFile& file : *joined) {
            file.split = split;
            files.push_back(std::move(file));
        }
    }
    return files;
}

fs::path find_split_file(const fs::path& folder) {
    const fs::path names[] = {
        "splits.yaml", "donor_splits.yaml", "splits/splits.yaml", "splits/donor_splits.yaml"};
    for (const fs::path& name : names) {
        if (fs::is_regular_file(folder / name)) return folder / name;
    }
    return folder / names[0];
}

using SplitOf = std::map<std::string, std::string>;  // by name

Result<SplitOf> read_splits(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return refuse(path, "there is no such file");
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const auto splits = parse_splits(text);
    if (!splits) return fail_with_context(splits.error(), path.string());
    SplitOf split_of;
    for (const auto& [split, names] : *splits) {
        for (const std::string& name : names) {
            const auto [there, is_new] = split_of.try_emplace(name, split);
            if (is_new) continue;
            return refuse(path, fmt::format("{} is in {} and in {}", name, there->second, split));
        }
    }
    return split_of;
}

// A split file names images, or donors: what follows the group.
Result<void> give_splits(const fs::path& path, std::vector<CellFile>& files) {
    const auto split_of = read_splits(path);
    if (!split_of) return tl::unexpected(split_of.error());
    std::set<std::string> used;
    for (CellFile& file : files) {
        const std::size_t donor = std::min(file.name.size(), file.group.size() + 1);
        auto found = split_of->find(file.name);
        if (found == split_of->end()) found = split_of->find(file.name.substr(donor));
        if (found == split_of->end()) return refuse(file.image, "in no split of " + path.string());
        file.split = found->second;
        used.insert(found->first);
    }
    for (const auto& [name, split] : *split_of) {
        if (!used.contains(name)) {
            return refuse(path, fmt::format("{} of split {} has no image", name, split));
        }
    }
    return {};
}

Result<std::vector<CellFile>> list_with_split_file(const fs::path& folder) {
    const bool plain = fs::is_directory(folder / "images");
    Pairs pairs;
    auto collected = collect(plain ? folder / "images" : folder, pairs);
    if (collected && plain) collected = collect(folder / "masks", pairs);
    if (!collected) return tl::unexpected(collected.error());
    auto files = join(pairs);
    if (!files || files->empty()) return files;
    if (auto given = give_splits(find_split_file(folder), *files); !given) {
        return tl::unexpected(given.error());
    }
    return files;
}

}  // namespace

Result<std::vector<CellFile>> list_cells(const std::string& folder) {
    const fs::path root(folder);
    std::error_code error;
    if (!fs::is_directory(root, error)) {
        return fail(ErrorCode::not_found, folder + ": there is no such folder");
    }
    const bool prepared = fs::is_directory(root / "train_cells", error) ||
                          fs::is_directory(root / "val_cells", error) ||
                          fs::is_directory(root / "test_cells", error);
    auto files = prepared ? list_prepared(root) : list_with_split_file(root);
    if (!files) return files;
    if (files->empty()) return refuse(root, "no images in images/, in *_cells/ or as *.tiff");
    std::sort(files->begin(), files->end(), [](const CellFile& left, const CellFile& right) {
        return std::tie(left.split, left.name) < std::tie(right.split, right.name);
    });
    return files;
}

Result<std::vector<CellFile>> files_of_split(
    const std::vector<CellFile>& files, const std::string& split, const std::string& folder
) {
    std::vector<CellFile> chosen;
    std::set<std::string> splits;
    for (const CellFile& file : files) {
        splits.insert(file.split);
        if (file.split == split) chosen.push_back(file);
    }
    if (!chosen.empty()) return chosen;
    std::string known;
    for (const std::string& name : splits) {
        known += known.empty() ? name : ", " + name;
    }
    return fail(
        ErrorCode::invalid_input,
        fmt::format("{}: no images in split \"{}\" (there are: {})", folder, split, known)
    );
}

}  // namespace xorch::cellseg
