#include "jobs/pix2pix/data/synthetic.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "jobs/files/file_bytes.h"
#include "jobs/files/png_file.h"
#include "jobs/pix2pix/data/id_tables.h"
#include "jobs/pix2pix/data/pair_folder.h"
#include "jobs/pix2pix/data/skull.h"
#include "jobs/pix2pix/data/text_encoding.h"

namespace xorch::pix2pix {

const std::vector<int> stubborn_ids{24, 26, 50, 52, 53, 333, 561, 575, 666};

namespace {

constexpr int ids_in_all = 800;
constexpr double hard_share = 0.08;  // of the pairs to train and to test

using SplitIds = std::array<std::vector<int>, 3>;

SplitIds deal_ids(std::uint64_t seed, PairCounts counts) {
    RandomStream random(seed, "pix2pix.deal");
    std::vector<int> free;
    for (const std::size_t place : random.permutation(ids_in_all)) {
        const int id = static_cast<int>(place) + 1;
        if (std::find(stubborn_ids.begin(), stubborn_ids.end(), id) == stubborn_ids.end()) {
            free.push_back(id);
        }
    }
    SplitIds ids;
    ids[1] = stubborn_ids;
    auto next = free.begin();
    const auto fill_up = [&](std::vector<int>& to, int count) {
        while (static_cast<int>(to.size()) < count && next != free.end()) {
            to.push_back(*next++);
        }
        std::sort(to.begin(), to.end());
    };
    fill_up(ids[1], counts.others);
    fill_up(ids[0], counts.train);
    fill_up(ids[2], counts.others);
    return ids;
}

Picture paint(const std::array<Grid<std::uint8_t>, input_channels>& planes) {
    Picture picture(planes[0].height, planes[0].width);
    for (std::size_t i = 0; i < picture.values.size(); ++i) {
        picture.values[i] = {planes[0].values[i], planes[1].values[i], planes[2].values[i]};
    }
    return picture;
}

struct Places {
    std::string photos;
    std::string xrays;
};

Result<Places> make_places(const std::string& directory, std::size_t split) {
    const std::string folder = fmt::format("{}/{}", directory, split_folders[split]);
    Places places{.photos = folder + "/" + photo_folder, .xrays = folder + "/" + xray_folder};
    for (const std::string& each : {places.photos, places.xrays}) {
        std::error_code error;
        std::filesystem::create_directories(each, error);
        if (error) return fail_from_errno("making " + each, error.value());
    }
    return places;
}

Result<Landmarks> make_pair(const Places& places, std::uint64_t seed, int id, bool is_hard) {
    RandomStream random(seed, "pix2pix.head", {id});
    const Head head = draw_head(random, is_hard);
    const std::string photo = fmt::format("{}/{}.2.png", places.photos, id);
    if (auto ok = write_png(photo, paint(draw_photo(head, random))); !ok) {
        return tl::unexpected(ok.error());
    }
    const Grid<std::uint8_t> xray = draw_xray(head, random);
    const std::string path = fmt::format("{}/{}.1.png", places.xrays, id);
    if (auto ok = write_png(path, paint({xray, xray, xray})); !ok) {
        return tl::unexpected(ok.error());
    }
    return landmarks_of(head);
}

Result<void> write_table(const std::string& path, const std::string& text) {
    auto written = write_bytes(path, {text});
    if (!written) return fail_with_context(written.error(), path);
    return written;
}

Result<void> write_cases(const std::string& directory, const SplitIds& ids) {
    std::string cases = "编号,数据集,正位侧位\n";
    std::vector<std::string> rows;
    for (std::size_t split = 0; split < ids.size(); ++split) {
        std::string list = "id\n";
        for (const int id : ids[split]) {
            list += fmt::format("{}\n", id);
            rows.push_back(fmt::format("{},{},侧位", id, split_folders[split]));
        }
        const std::string path = fmt::format("{}/{}_ids.csv", directory, split_names[split]);
        if (auto ok = write_table(path, list); !ok) return ok;
    }
    for (const std::string& row : rows) {
        cases += row + "\n";
    }
    const auto encoded = to_gb18030(cases);
    if (!encoded) return tl::unexpected(encoded.error());
    return write_table(directory + "/data.csv", *encoded);
}

}  // namespace

Result<void> make_pairs(const std::string& directory, std::uint64_t seed) {
    return make_pairs(directory, seed, PairCounts{});
}

Result<void> make_pairs(const std::string& directory, std::uint64_t seed, PairCounts counts) {
    const SplitIds ids = deal_ids(seed, counts);
    const std::set<int> stubborn(stubborn_ids.begin(), stubborn_ids.end());
    LandmarkTable landmarks;
    for (std::size_t split = 0; split < ids.size(); ++split) {
        const auto places = make_places(directory, split);
        if (!places) return tl::unexpected(places.error());
        for (const int id : ids[split]) {
            // In the validation split nobody is hard but the stubborn ones.
            const bool is_hard = split == 1
                                     ? stubborn.contains(id)
                                     : RandomStream(seed, "pix2pix.hard", {id}).chance(hard_share);
            const auto made = make_pair(*places, seed, id, is_hard);
            if (!made) return tl::unexpected(made.error());
            landmarks[std::to_string(id)] = *made;
        }
    }
    if (auto ok = write_cases(directory, ids); !ok) return ok;
    return write_table(directory + "/landmarks.csv", format_landmarks(landmarks));
}

}  // namespace xorch::pix2pix
