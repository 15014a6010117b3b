#include "jobs/pix2pix/leakage.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <set>

#include "core/hash.h"
#include "jobs/pix2pix/scores/pair_scores.h"

namespace xorch::pix2pix {

namespace {

constexpr int hash_rows = 8;
constexpr int hash_columns = 9;
constexpr int near_bits = 4;
constexpr RegionBox ruler_corner{.left = 0.85, .top = 0.09, .right = 1.0, .bottom = 0.42};

double mean_of_cell(const Grid<std::uint8_t>& grey, int row, int column) {
    const int top = row * grey.height / hash_rows;
    const int left = column * grey.width / hash_columns;
    const int bottom = std::max((row + 1) * grey.height / hash_rows, top + 1);
    const int right = std::max((column + 1) * grey.width / hash_columns, left + 1);
    double sum = 0;
    for (int y = top; y < bottom; ++y) {
        for (int x = left; x < right; ++x) {
            sum += grey.at(y, x);
        }
    }
    return sum / ((bottom - top) * (right - left));
}

struct PictureHash {
    std::string exact;
    std::uint64_t differences = 0;
};

using PictureHashes = std::array<std::vector<PictureHash>, 3>;  // by split

SharedPictures count_shared(const PictureHashes& hashes) {
    SharedPictures shared;
    std::set<std::string> seen;
    for (std::size_t split = 0; split < hashes.size(); ++split) {
        for (const PictureHash& each : hashes[split]) {
            if (seen.contains(each.exact)) ++shared.exact;
            for (std::size_t other = 0; other < split; ++other) {
                shared.near += std::count_if(
                    hashes[other].begin(),
                    hashes[other].end(),
                    [&](const PictureHash& earlier) {
                        return std::popcount(earlier.differences ^ each.differences) <= near_bits;
                    }
                );
            }
        }
        for (const PictureHash& each : hashes[split]) {
            seen.insert(each.exact);
        }
    }
    return shared;
}

template <class T>
std::string_view bytes_of_values(const std::vector<T>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

Grid<std::uint8_t> target_bytes(const PairSet& set, std::size_t pair) {
    Grid<std::uint8_t> grid(set.side, set.side);
    std::copy_n(
        set.targets.begin() + static_cast<std::ptrdiff_t>(pair * set.pixels()),
        set.pixels(),
        grid.values.begin()
    );
    return grid;
}

}  // namespace

std::uint64_t difference_hash(const Grid<std::uint8_t>& grey) {
    std::uint64_t hash = 0;
    for (int row = 0; row < hash_rows; ++row) {
        for (int column = 0; column + 1 < hash_columns; ++column) {
            const bool rises =
                mean_of_cell(grey, row, column) < mean_of_cell(grey, row, column + 1);
            hash = hash << 1U | static_cast<std::uint64_t>(rises);
        }
    }
    return hash;
}

SharedPictures shared_photos(const PairSplits& splits) {
    PictureHashes hashes;
    for (std::size_t split = 0; split < hashes.size(); ++split) {
        for (std::size_t pair = 0; pair < splits.sets[split].size(); ++pair) {
            const auto planes = input_planes(splits.sets[split], pair);
            Hasher hasher;
            for (const auto& plane : planes) {
                hasher.add(bytes_of_values(plane.values));
            }
            hashes[split].push_back({hasher.finish(), difference_hash(planes[1])});
        }
    }
    return count_shared(hashes);
}

SharedPictures shared_xrays(const PairSplits& splits) {
    PictureHashes hashes;
    for (std::size_t split = 0; split < hashes.size(); ++split) {
        for (std::size_t pair = 0; pair < splits.sets[split].size(); ++pair) {
            const auto plane = target_bytes(splits.sets[split], pair);
            hashes[split].push_back(
                {hash_text(bytes_of_values(plane.values)), difference_hash(plane)}
            );
        }
    }
    return count_shared(hashes);
}

double distance_to_others(
    const std::vector<Plane>& made, const PairSet& set, const std::vector<std::size_t>& others
) {
    double sum = 0;
    for (std::size_t pair = 0; pair < made.size(); ++pair) {
        sum += mean_distance(made[pair], target_plane(set, others[pair]));
    }
    return sum / static_cast<double>(made.size());
}

double distance_to_nearest(const std::vector<Plane>& made, const PairSet& train) {
    std::vector<Plane> targets;
    for (std::size_t pair = 0; pair < train.size(); ++pair) {
        targets.push_back(target_plane(train, pair));
    }
    double sum = 0;
    for (const Plane& each : made) {
        double nearest = std::numeric_limits<double>::infinity();
        for (const Plane& target : targets) {
            nearest = std::min(nearest, mean_distance(each, target));
        }
        sum += nearest;
    }
    return sum / static_cast<double>(made.size());
}

Plane mean_target(const PairSet& set) {
    Plane mean(set.side, set.side);
    for (std::size_t pixel = 0; pixel < set.pixels(); ++pixel) {
        double sum = 0;
        for (std::size_t pair = 0; pair < set.size(); ++pair) {
            sum += static_cast<double>(to_signed(set.targets[pair * set.pixels() + pixel]));
        }
        mean.values[pixel] = static_cast<float>(sum / static_cast<double>(set.size()));
    }
    return mean;
}

double distance_in_corner(const Plane& made, const Plane& truth) {
    const PixelBox box = to_pixels(ruler_corner, made.width);
    double sum = 0;
    for (int y = box.top; y < box.bottom; ++y) {
        for (int x = box.left; x < box.right; ++x) {
            sum +=
                std::abs(static_cast<double>(made.at(y, x)) - static_cast<double>(truth.at(y, x)));
        }
    }
    return sum / box.area();
}

}  // namespace xorch::pix2pix
