#pragma once

// How far a made X-ray is from the true one: planes in [-1, 1], whose peak for PSNR is thus 2. The
// report's numbers fit no other scale: with one in [0, 1] its mean distance would be greater than
// its root mean square. Pure.

#include <array>

#include "jobs/files/grid.h"
#include "jobs/pix2pix/scores/regions.h"

namespace xorch::pix2pix {

double mean_distance(const Plane& made, const Plane& truth);
double mean_square(const Plane& made, const Plane& truth);

// Of a mean square; that of equal pictures counts as 1e-12, so that means stay finite.
double psnr(double square);

// |difference of the gradient in x| + |in y| at each pixel; gradients by Sobel's 3x3 kernels over 8
// with repeated borders.
Plane edge_distance(const Plane& made, const Plane& truth);

double mean_in(const Plane& plane, const PixelBox& box);
double mean_of_plane(const Plane& plane);

struct RegionScore {
    double l1 = 0;
    double edge = 0;
};

using RegionScores = std::array<RegionScore, region_count>;

struct PairScore {
    double l1 = 0;
    double mean_square = 0;
    double psnr = 0;
    RegionScores regions{};
};

PairScore score_pair(const Plane& made, const Plane& truth, const Regions& regions);

// What the regions weigh in the score below, and in each of them distance against edges.
struct ProxyWeights {
    double l1 = 1;
    double edge = 1;
    std::array<double, region_count> regions{1, 1, 1};
};

// landmark6_proxy_score of one pair: lower is better.
double landmark_proxy(const RegionScores& scores, const ProxyWeights& weights = {});

}  // namespace xorch::pix2pix
