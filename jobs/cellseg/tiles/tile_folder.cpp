#include "jobs/cellseg/tiles/tile_folder.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>
#include <string_view>

namespace xorch::cellseg {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view channel_token = "b0c?x";  // ? is 0 or 1
constexpr std::size_t donor_digits_min = 6;
constexpr std::size_t donor_digits_max = 12;

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

bool all_digits(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isdigit(c) != 0;
    });
}

// Half of a pair.
struct TileHalf {
    std::string key;
    std::string marker;
    std::string donor;
    int channel = 0;
};

std::optional<std::size_t> find_token(const std::string& stem) {
    for (std::size_t at = 0; at + channel_token.size() <= stem.size(); ++at) {
        const std::string_view here = std::string_view(stem).substr(at, channel_token.size());
        if (here == "b0c0x" || here == "b0c1x") return at;
    }
    return std::nullopt;
}

std::optional<TileHalf> parse_tile(const fs::path& path) {
    const std::string ending = lower(path.extension().string());
    if (ending != ".tif" && ending != ".tiff") return std::nullopt;
    const std::string stem = path.stem().string();
    const auto token = find_token(stem);
    if (!token) return std::nullopt;
    TileHalf half;
    half.channel = stem[*token + 3] - '0';
    for (const fs::path& part : path.parent_path()) {
        const std::string name = lower(part.string());
        const auto& markers = tile_markers();
        if (std::find(markers.begin(), markers.end(), name) != markers.end()) half.marker = name;
        const std::string donor = plain_donor(name);
        if (all_digits(donor) && name.size() >= donor_digits_min &&
            donor.size() <= donor_digits_max) {
            half.donor = donor;
        }
    }
    // "S1_dapi-" and "S1_NeuN-" are the same scan.
    std::string scan = stem.substr(0, *token);
    if (scan.ends_with('-')) scan.erase(scan.find_last_of('_') + 1);
    half.key =
        (path.parent_path() / (scan + stem.substr(*token + channel_token.size() - 1))).string();
    return half;
}

}  // namespace

const std::vector<std::string>& tile_markers() {
    static const std::vector<std::string> markers{"gfap", "iba1", "neun", "olig2", "pecam"};
    return markers;
}

std::string plain_donor(std::string donor) {
    if (donor.ends_with(".0")) donor.erase(donor.size() - 2);
    const std::size_t first = donor.find_first_not_of('0');
    return first == std::string::npos ? donor : donor.substr(first);
}

TileFolder pair_tiles(const std::vector<std::string>& paths) {
    std::map<std::string, TileFile> pairs;
    TileFolder folder;
    for (const std::string& path : paths) {
        const auto half = parse_tile(path);
        if (!half) continue;
        if (half->marker.empty() || half->donor.empty()) {
            ++folder.unmatched[half->marker];
            continue;
        }
        TileFile& tile = pairs[half->key];
        tile.key = half->key;
        tile.marker = half->marker;
        tile.donor = half->donor;
        std::string& place = half->channel == 0 ? tile.c0 : tile.c1;
        if (!place.empty()) ++folder.unmatched[half->marker];  // two of one kind
        place = path;
    }
    for (auto& [key, tile] : pairs) {
        if (tile.c0.empty() || tile.c1.empty()) {
            ++folder.unmatched[tile.marker];
        } else {
            folder.tiles.push_back(std::move(tile));
        }
    }
    return folder;
}

Result<TileFolder> list_tiles(const std::string& folder) {
    std::vector<std::string> paths;
    std::error_code error;
    fs::recursive_directory_iterator at(folder, error);
    if (error) return fail(ErrorCode::not_found, folder + ": there is no such folder");
    for (; at != fs::recursive_directory_iterator(); at.increment(error)) {
        if (error) return fail_from_errno("reading " + folder, error.value());
        if (at->is_regular_file(error)) paths.push_back(fs::relative(at->path(), folder).string());
    }
    std::sort(paths.begin(), paths.end());
    return pair_tiles(paths);
}

}  // namespace xorch::cellseg
