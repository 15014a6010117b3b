#include "jobs/pix2pix/scores/pair_scores.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/error.h"

namespace xorch::pix2pix {

namespace {

constexpr double peak = 2.0;
constexpr double least_square = 1e-12;
constexpr double sobel_sum = 8.0;

struct Gradient {
    double x;
    double y;
};

Gradient gradient_at(const Plane& plane, int y, int x) {
    const int up = std::max(y - 1, 0);
    const int down = std::min(y + 1, plane.height - 1);
    const int left = std::max(x - 1, 0);
    const int right = std::min(x + 1, plane.width - 1);
    const auto at = [&plane](int row, int column) {
        return static_cast<double>(plane.at(row, column));
    };
    const double across = at(up, right) + 2 * at(y, right) + at(down, right) - at(up, left) -
                          2 * at(y, left) - at(down, left);
    const double along = at(down, left) + 2 * at(down, x) + at(down, right) - at(up, left) -
                         2 * at(up, x) - at(up, right);
    return {.x = across / sobel_sum, .y = along / sobel_sum};
}

Plane distance(const Plane& made, const Plane& truth) {
    Plane out(made.height, made.width);
    for (std::size_t i = 0; i < out.values.size(); ++i) {
        out.values[i] = std::abs(made.values[i] - truth.values[i]);
    }
    return out;
}

}  // namespace

double mean_distance(const Plane& made, const Plane& truth) {
    return mean_of_plane(distance(made, truth));
}

double mean_square(const Plane& made, const Plane& truth) {
    double sum = 0;
    for (std::size_t i = 0; i < made.values.size(); ++i) {
        const double difference =
            static_cast<double>(made.values[i]) - static_cast<double>(truth.values[i]);
        sum += difference * difference;
    }
    return sum / static_cast<double>(made.values.size());
}

double psnr(double square) {
    return 10 * std::log10(peak * peak / std::max(square, least_square));
}

Plane edge_distance(const Plane& made, const Plane& truth) {
    Plane out(made.height, made.width);
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
            const Gradient first = gradient_at(made, y, x);
            const Gradient second = gradient_at(truth, y, x);
            out.at(y, x) =
                static_cast<float>(std::abs(first.x - second.x) + std::abs(first.y - second.y));
        }
    }
    return out;
}

double mean_in(const Plane& plane, const PixelBox& box) {
    double sum = 0;
    for (int y = box.top; y < box.bottom; ++y) {
        for (int x = box.left; x < box.right; ++x) {
            sum += static_cast<double>(plane.at(y, x));
        }
    }
    return sum / box.area();
}

double mean_of_plane(const Plane& plane) {
    return mean_in(plane, {.left = 0, .top = 0, .right = plane.width, .bottom = plane.height});
}

PairScore score_pair(const Plane& made, const Plane& truth, const Regions& regions) {
    XORCH_CHECK(
        made.height == truth.height && made.width == truth.width, "planes of different sizes"
    );
    const Plane distances = distance(made, truth);
    const Plane edges = edge_distance(made, truth);
    PairScore score;
    score.l1 = mean_of_plane(distances);
    score.mean_square = mean_square(made, truth);
    score.psnr = psnr(score.mean_square);
    for (std::size_t i = 0; i < region_count; ++i) {
        score.regions[i] = {
            .l1 = mean_in(distances, regions[i]), .edge = mean_in(edges, regions[i])};
    }
    return score;
}

double landmark_proxy(const RegionScores& scores, const ProxyWeights& weights) {
    double sum = 0;
    double all = 0;
    for (std::size_t i = 0; i < region_count; ++i) {
        sum += weights.regions[i] * (weights.l1 * scores[i].l1 + weights.edge * scores[i].edge);
        all += weights.regions[i];
    }
    return sum / ((weights.l1 + weights.edge) * all);
}

}  // namespace xorch::pix2pix
