#include "jobs/heatmap/data/dior_folder.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "jobs/files/file_bytes.h"

namespace xorch::heatmap {

namespace {

namespace fs = std::filesystem;

struct Layout {
    std::vector<fs::path> images;  // folders
    fs::path annotations;
    fs::path splits;
};

struct LayoutNames {
    std::vector<std::vector<std::string>> images;
    std::vector<std::string> annotations;
    std::vector<std::string> splits;
};

const LayoutNames published{
    .images = {{"JPEGImages-trainval"}, {"JPEGImages-test"}        },
    .annotations = {"Annotations",           "Horizontal Bounding Boxes"},
    .splits = {"ImageSets",             "Main"                     }
};

const LayoutNames tidy{
    .images = {{"images", "trainval"}, {"images", "test"}},
    .annotations = {"annotations",                      "horizontal"},
    .splits = {"splits"}
};

bool is_folder(const fs::path& path) {
    std::error_code error;
    return fs::is_directory(path, error);
}

// Each name once, or once more inside of itself. Nothing if one is not there.
std::optional<fs::path> descend(fs::path place, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        place /= name;
        if (is_folder(place / name)) place /= name;
        if (!is_folder(place)) return std::nullopt;
    }
    return place;
}

std::optional<Layout> find_layout(const fs::path& root, const LayoutNames& names) {
    Layout layout;
    for (const auto& folder : names.images) {
        if (const auto found = descend(root, folder)) layout.images.push_back(*found);
    }
    const auto annotations = descend(root, names.annotations);
    const auto splits = descend(root, names.splits);
    if (layout.images.empty() || !annotations || !splits) return std::nullopt;
    layout.annotations = *annotations;
    layout.splits = *splits;
    return layout;
}

tl::unexpected<Error> refuse(const fs::path& path, std::string_view reason) {
    return fail(ErrorCode::invalid_input, fmt::format("{}: {}", path.string(), reason));
}

using Paths = std::map<std::string, fs::path>;  // by id

// Of all image folders, whatever the file names end in.
Result<Paths> list_images(const Layout& layout) {
    Paths images;
    for (const fs::path& folder : layout.images) {
        std::error_code error;
        std::vector<fs::path> files;
        for (const auto& entry : fs::directory_iterator(folder, error)) {
            if (entry.is_regular_file(error)) files.push_back(entry.path());
        }
        if (error) return fail_from_errno("listing " + folder.string(), error.value());
        std::sort(files.begin(), files.end());
        for (const fs::path& file : files) {
            const auto [there, is_new] = images.try_emplace(file.stem().string(), file);
            if (!is_new) return refuse(file, "a second image beside " + there->second.string());
        }
    }
    return images;
}

// One id per line; of more words in a line the first, as in VOC's lists of one class.
Result<std::set<std::string>> read_ids(const fs::path& path) {
    const auto text = read_bytes(path.string());
    if (!text) return fail_with_context(text.error(), path.string());
    std::set<std::string> ids;
    constexpr std::string_view blanks = " \t\r\n";
    for (std::size_t at = 0; at < text->size();) {
        const std::size_t end = std::min(text->find('\n', at), text->size());
        const std::string_view line = std::string_view(*text).substr(at, end - at);
        at = end + 1;
        const std::size_t first = line.find_first_not_of(blanks);
        if (first == std::string_view::npos) continue;
        const std::string id(line.substr(first, line.find_first_of(blanks, first) - first));
        if (id.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos) {
            return refuse(path, "\"" + id + "\" is no name of an image");
        }
        if (!ids.insert(id).second) return refuse(path, id + " is there twice");
    }
    return ids;
}

}  // namespace

Result<std::vector<DiorImage>> list_split(const std::string& folder, const std::string& split) {
    const fs::path root(folder);
    if (!is_folder(root)) {
        return fail(ErrorCode::not_found, folder + ": there is no such folder");
    }
    auto layout = find_layout(root, published);
    if (!layout) layout = find_layout(root, tidy);
    if (!layout) {
        return refuse(
            root,
            "neither JPEGImages-*/, Annotations/Horizontal Bounding Boxes/ and ImageSets/Main/ nor "
            "images/, annotations/horizontal/ and splits/"
        );
    }
    const fs::path list = layout->splits / (split + ".txt");
    const auto ids = read_ids(list);
    if (!ids) return tl::unexpected(ids.error());
    const auto images = list_images(*layout);
    if (!images) return tl::unexpected(images.error());
    std::vector<DiorImage> found;
    for (const std::string& id : *ids) {
        const auto image = images->find(id);
        if (image == images->end()) return refuse(list, "there is no image of " + id);
        const fs::path annotation = layout->annotations / (id + ".xml");
        std::error_code error;
        if (!fs::is_regular_file(annotation, error)) {
            return refuse(annotation, "there is no such annotation");
        }
        found.push_back(
            {.id = id, .image = image->second.string(), .annotation = annotation.string()}
        );
    }
    if (found.empty()) return refuse(list, "names no image");
    return found;
}

std::vector<std::string> shared_ids(
    const std::vector<DiorImage>& left, const std::vector<DiorImage>& right
) {
    std::set<std::string> known;
    for (const DiorImage& image : left) {
        known.insert(image.id);
    }
    std::vector<std::string> shared;
    for (const DiorImage& image : right) {
        if (known.contains(image.id)) shared.push_back(image.id);
    }
    return shared;
}

}  // namespace xorch::heatmap
