#include "jobs/pix2pix/data/pair_folder.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "jobs/files/file_bytes.h"
#include "jobs/pix2pix/data/id_tables.h"
#include "jobs/pix2pix/data/text_encoding.h"

namespace xorch::pix2pix {

namespace {

namespace fs = std::filesystem;

bool exists(const std::string& path) {
    std::error_code error;
    return fs::exists(path, error);
}

// What `parse` makes of the file's bytes; every error names the file.
template <class Parse>
auto read_table(const std::string& path, const Parse& parse) -> decltype(parse("")) {
    const auto bytes = read_bytes(path);
    if (!bytes) return fail_with_context(bytes.error(), path);
    auto table = parse(*bytes);
    if (!table) return fail_with_context(table.error(), path);
    return table;
}

// The folder of that name, as UTF-8 or as GB18030.
Result<std::string> subfolder(const std::string& folder, const std::string& name) {
    const std::string path = folder + "/" + name;
    if (exists(path)) return path;
    const auto other = to_gb18030(name);
    if (!other) return tl::unexpected(other.error());
    if (exists(folder + "/" + *other)) return folder + "/" + *other;
    return fail(ErrorCode::not_found, path + ": there is no such folder");
}

Result<std::vector<PairFile>> list_by_ids(
    const std::string& folder, const std::string& name, std::vector<std::string> ids
) {
    const auto split = subfolder(folder, name);
    if (!split) return tl::unexpected(split.error());
    const auto photos = subfolder(*split, photo_folder);
    if (!photos) return tl::unexpected(photos.error());
    const auto xrays = subfolder(*split, xray_folder);
    if (!xrays) return tl::unexpected(xrays.error());
    std::vector<PairFile> pairs;
    for (const std::string& id : ids) {
        pairs.push_back({
            .id = id,
            .input = fmt::format("{}/{}.2.png", *photos, id),
            .target = fmt::format("{}/{}.1.png", *xrays, id),
        });
    }
    return pairs;
}

Result<std::vector<PairFile>> list_clinical(const std::string& folder, std::size_t split) {
    const std::string name = split_names[split];
    const std::string table = fmt::format("{}/pairs_{}.csv", folder, name);
    if (!exists(table)) {
        const auto ids = read_table(fmt::format("{}/{}_ids.csv", folder, name), parse_ids);
        if (!ids) return tl::unexpected(ids.error());
        if (ids->empty()) return std::vector<PairFile>();
        return list_by_ids(folder, split_folders[split], *ids);
    }
    const auto rows = read_table(table, parse_pair_rows);
    if (!rows) return tl::unexpected(rows.error());
    std::vector<PairFile> pairs;
    for (const PairRow& row : *rows) {
        pairs.push_back(
            {.id = row.id, .input = folder + "/" + row.input, .target = folder + "/" + row.target}
        );
    }
    return pairs;
}

// Image files by their name without extension; which one is told by that name alone.
Result<std::map<std::string, std::string>> list_images(const std::string& folder) {
    std::map<std::string, std::string> images;
    std::error_code error;
    for (fs::directory_iterator each(folder, error), end; !error && each != end;
         each.increment(error)) {
        const std::string name = each->path().filename().string();
        if (name.starts_with(".")) continue;
        if (!images.emplace(each->path().stem().string(), each->path().string()).second) {
            return fail(
                ErrorCode::invalid_input, each->path().string() + ": two files of that name"
            );
        }
    }
    if (!error) return images;
    return fail_from_errno(folder, error.value());
}

void sort_by_id(std::vector<PairFile>& pairs) {
    std::sort(pairs.begin(), pairs.end(), [](const PairFile& left, const PairFile& right) {
        return id_less(left.id, right.id);
    });
}

Result<std::vector<PairFile>> list_two_folders(const std::string& folder, std::size_t split) {
    const std::string at = fmt::format("{}/A/{}", folder, split_names[split]);
    if (split == 2 && !exists(at)) return std::vector<PairFile>();
    const auto inputs = list_images(at);
    if (!inputs) return tl::unexpected(inputs.error());
    const auto targets = list_images(fmt::format("{}/B/{}", folder, split_names[split]));
    if (!targets) return tl::unexpected(targets.error());
    std::vector<PairFile> pairs;
    for (const auto& [name, input] : *inputs) {
        const auto target = targets->find(name);
        if (target == targets->end()) {
            return fail(ErrorCode::invalid_input, input + ": no such image in B");
        }
        pairs.push_back({.id = name, .input = input, .target = target->second});
    }
    for (const auto& [name, target] : *targets) {
        if (!inputs->contains(name)) {
            return fail(ErrorCode::invalid_input, target + ": no such image in A");
        }
    }
    sort_by_id(pairs);
    return pairs;
}

Result<std::vector<PairFile>> list_side_by_side(const std::string& folder, std::size_t split) {
    const std::string at = fmt::format("{}/{}", folder, split_names[split]);
    if (split == 2 && !exists(at)) return std::vector<PairFile>();
    const auto images = list_images(at);
    if (!images) return tl::unexpected(images.error());
    std::vector<PairFile> pairs;
    for (const auto& [name, path] : *images) {
        pairs.push_back({.id = name, .input = path, .target = path});
    }
    sort_by_id(pairs);
    return pairs;
}

struct Layout {
    const char* name;
    const char* sign;  // a file or folder that only this layout has
    Result<std::vector<PairFile>> (*list)(const std::string& folder, std::size_t split);
};

constexpr Layout layouts[] = {
    {"clinical",     "train_ids.csv",   list_clinical    },
    {"clinical",     "pairs_train.csv", list_clinical    },
    {"two folders",  "A/train",         list_two_folders },
    {"side by side", "train",           list_side_by_side},
};

// data.csv lists the cases; a pair of none would be somebody else's.
Result<void> check_cases(const std::string& folder, const PairListing& listing) {
    const std::string path = folder + "/data.csv";
    if (listing.layout != "clinical" || !exists(path)) return {};
    const auto cases = read_table(path, parse_ids);
    if (!cases) return tl::unexpected(cases.error());
    const std::set<std::string> known(cases->begin(), cases->end());
    for (const auto& pairs : listing.splits) {
        for (const PairFile& pair : pairs) {
            if (known.contains(pair.id)) continue;
            return fail(ErrorCode::invalid_input, fmt::format("{}: no case {}", path, pair.id));
        }
    }
    return {};
}

}  // namespace

Result<PairListing> list_pairs(const std::string& folder) {
    const auto layout =
        std::find_if(std::begin(layouts), std::end(layouts), [&](const Layout& each) {
            return exists(folder + "/" + each.sign);
        });
    if (layout == std::end(layouts)) {
        return fail(
            ErrorCode::invalid_input,
            folder + ": no train_ids.csv, no pairs_train.csv, no A/train and no train/"
        );
    }
    PairListing listing;
    listing.layout = layout->name;
    for (std::size_t split = 0; split < split_names.size(); ++split) {
        auto pairs = layout->list(folder, split);
        if (!pairs) return tl::unexpected(pairs.error());
        if (pairs->empty() && split < 2) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("{}: no pair of {}", folder, split_names[split])
            );
        }
        listing.splits[split] = std::move(*pairs);
    }
    if (auto ok = check_cases(folder, listing); !ok) return tl::unexpected(ok.error());
    if (const std::string path = folder + "/landmarks.csv"; exists(path)) {
        auto table = read_table(path, parse_landmarks);
        if (!table) return tl::unexpected(table.error());
        listing.landmarks = std::move(*table);
    }
    return listing;
}

}  // namespace xorch::pix2pix
