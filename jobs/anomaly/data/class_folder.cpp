#include "jobs/anomaly/data/class_folder.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/hash.h"
#include "jobs/anomaly/data/split_table.h"
#include "jobs/files/file_bytes.h"

namespace xorch::anomaly {

namespace {

namespace fs = std::filesystem;

Error unreadable(const std::string& folder, const std::error_code& error) {
    return {ErrorCode::not_found, fmt::format("{}: {}", folder, error.message())};
}

// Names in a folder, sorted; hidden files are no data.
Result<std::vector<std::string>> names_in(const std::string& folder, bool folders) {
    std::error_code error;
    std::vector<std::string> names;
    for (auto entry = fs::directory_iterator(folder, error);
         !error && entry != fs::directory_iterator();
         entry.increment(error)) {
        std::error_code unknown;
        const std::string name = entry->path().filename().string();
        if (name.starts_with('.') || entry->is_directory(unknown) != folders) continue;
        names.push_back(name);
    }
    if (error) return tl::unexpected(unreadable(folder, error));
    std::sort(names.begin(), names.end());
    return names;
}

bool is_folder(const std::string& path) {
    std::error_code error;
    return fs::is_directory(path, error);
}

std::string stem_of(const std::string& name) {
    return fs::path(name).stem().string();
}

// Paths of masks by the stem of their image. In MVTec AD a mask's name ends in _mask.
Result<std::map<std::string, std::string>> masks_in(const std::string& folder, bool marked) {
    constexpr std::string_view ending = "_mask";
    const auto names = names_in(folder, false);
    if (!names) return tl::unexpected(names.error());
    std::map<std::string, std::string> masks;
    for (const std::string& name : *names) {
        std::string stem = stem_of(name);
        if (marked && stem.ends_with(ending)) stem.resize(stem.size() - ending.size());
        if (!masks.emplace(stem, folder + "/" + name).second) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("{}/{}: a second mask of the image {}", folder, name, stem)
            );
        }
    }
    return masks;
}

Result<std::vector<ImageFile>> normal_images(const std::string& folder, const std::string& shown) {
    const auto names = names_in(folder, false);
    if (!names) return tl::unexpected(names.error());
    std::vector<ImageFile> files;
    for (const std::string& name : *names) {
        files.push_back(
            {.name = shown + "/" + name, .path = folder + "/" + name, .mask = {}, .abnormal = false}
        );
    }
    return files;
}

// Of one kind of defect.
Result<std::vector<ImageFile>> abnormal_images(
    const std::string& root, const std::string& defect, bool marked
) {
    auto files = normal_images(root + "/test/" + defect, "test/" + defect);
    if (!files) return files;
    auto masks = masks_in(root + "/ground_truth/" + defect, marked);
    if (!masks) return tl::unexpected(masks.error());
    for (ImageFile& file : *files) {
        const auto mask = masks->find(stem_of(file.path));
        if (mask == masks->end()) {
            return fail(ErrorCode::invalid_input, file.path + ": an abnormal image without a mask");
        }
        file.mask = mask->second;
        file.abnormal = true;
        masks->erase(mask);
    }
    if (masks->empty()) return files;
    return fail(ErrorCode::invalid_input, masks->begin()->second + ": a mask without its image");
}

void append(std::vector<ImageFile>& to, std::vector<ImageFile> more) {
    std::move(more.begin(), more.end(), std::back_inserter(to));
}

Result<ClassFiles> list_tree(const std::string& root) {
    ClassFiles files;
    files.layout = is_folder(root + "/test/bad") ? "visa" : "mvtec";
    auto train = normal_images(root + "/train/good", "train/good");
    if (!train) return tl::unexpected(train.error());
    files.train = std::move(*train);
    const auto kinds = names_in(root + "/test", true);
    if (!kinds) return tl::unexpected(kinds.error());
    for (const std::string& kind : *kinds) {
        auto more = kind == "good" ? normal_images(root + "/test/good", "test/good")
                                   : abnormal_images(root, kind, files.layout == "mvtec");
        if (!more) return tl::unexpected(more.error());
        append(files.test, std::move(*more));
    }
    return files;
}

Result<ClassFiles> list_table(const std::string& folder, const std::string& class_name) {
    const std::string path = folder + "/" + split_table_name;
    const auto text = read_bytes(path);
    if (!text) return fail_with_context(text.error(), path);
    const auto rows = parse_split_table(*text);
    if (!rows) return fail_with_context(rows.error(), path);
    ClassFiles files{.layout = "raw", .train = {}, .test = {}};
    for (const SplitRow& row : *rows) {
        if (row.object != class_name) continue;
        ImageFile file{
            .name = row.image,
            .path = folder + "/" + row.image,
            .mask = row.abnormal ? folder + "/" + row.mask : std::string(),
            .abnormal = row.abnormal};
        (row.train ? files.train : files.test).push_back(std::move(file));
    }
    const auto by_name = [](const ImageFile& left, const ImageFile& right) {
        return left.name < right.name;
    };
    std::sort(files.train.begin(), files.train.end(), by_name);
    std::sort(files.test.begin(), files.test.end(), by_name);
    return files;
}

// Scores of one kind of image say nothing, and without a normal one nothing is known of the class.
Result<void> check_kinds(const ClassFiles& files, const std::string& where) {
    const auto abnormal = std::count_if(
        files.test.begin(), files.test.end(), [](const ImageFile& file) { return file.abnormal; }
    );
    const char* missing = files.train.empty() ? "normal image to train on"
                          : abnormal == 0     ? "abnormal image to test on"
                          : static_cast<std::size_t>(abnormal) == files.test.size()
                              ? "normal image to test on"
                              : nullptr;
    if (missing == nullptr) return {};
    return fail(ErrorCode::invalid_input, fmt::format("{}: there is no {}", where, missing));
}

Result<void> hash_file(Hasher& hasher, const std::string& path) {
    if (path.empty()) return {};
    const auto bytes = read_bytes(path);
    if (!bytes) return fail_with_context(bytes.error(), path);
    hasher.add(fmt::format("{}\n", bytes->size()));
    hasher.add(*bytes);
    return {};
}

}  // namespace

Result<ClassFiles> list_class(
    const std::string& folder, const std::string& dataset, const std::string& class_name
) {
    const std::string below = folder + "/" + dataset;
    const std::string root = !dataset.empty() && is_folder(below) ? below : folder;
    std::error_code error;
    const bool table = fs::exists(root + "/" + split_table_name, error);
    auto files = table ? list_table(root, class_name) : list_tree(root + "/" + class_name);
    if (!files) return files;
    const std::string where = table ? fmt::format("{}/{}, {}", root, split_table_name, class_name)
                                    : root + "/" + class_name;
    if (auto ok = check_kinds(*files, where); !ok) return tl::unexpected(ok.error());
    return files;
}

Result<std::string> hash_manifest(const std::vector<ImageFile>& files) {
    Hasher hasher;
    for (const ImageFile& file : files) {
        hasher.add(fmt::format("{} {}\n", file.abnormal ? "abnormal" : "normal", file.name));
        for (const std::string* path : {&file.path, &file.mask}) {
            if (auto ok = hash_file(hasher, *path); !ok) return tl::unexpected(ok.error());
        }
    }
    return hasher.finish();
}

}  // namespace xorch::anomaly
