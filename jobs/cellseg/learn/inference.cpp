#include "jobs/cellseg/learn/inference.h"

#include <algorithm>

#include "jobs/cellseg/images/tiling.h"

namespace xorch::cellseg {

namespace {

constexpr int side_multiple = 16;  // pixels: room for four halvings
constexpr int tiles_at_once = 4;   // bounds memory; more is not faster on one core

struct TilePlan {
    int height = 0;  // of a tile
    int width = 0;
    std::vector<Pixel> corners;
};

int tile_length(int image, int tile, std::optional<int> fixed) {
    if (fixed) return *fixed;
    const int padded = (image + side_multiple - 1) / side_multiple * side_multiple;
    return std::min(padded, tile);
}

TilePlan plan_tiles(const Plane& image, int tile, std::optional<int> fixed) {
    TilePlan plan{
        .height = tile_length(image.height, tile, fixed),
        .width = tile_length(image.width, tile, fixed),
        .corners = {}};
    for (const int top : tile_starts(image.height, plan.height)) {
        for (const int left : tile_starts(image.width, plan.width)) {
            plan.corners.push_back({top, left});
        }
    }
    return plan;
}

void cut_tile(const Channels& channels, Pixel corner, Batch& batch, int item) {
    float* to = batch.item(item);
    for (const Plane& channel : channels) {
        for (int y = 0; y < batch.height; ++y) {
            for (int x = 0; x < batch.width; ++x, ++to) {
                const bool inside = channel.contains(corner.y + y, corner.x + x);
                *to = inside ? channel.at(corner.y + y, corner.x + x) : 0.0F;
            }
        }
    }
}

// Sums of tapered tiles, and of the tapers.
class Blend {
 public:
    Blend(int height, int width, const Plane& weights)
        : weights_(weights),
          sums_{Plane(height, width), Plane(height, width), Plane(height, width)},
          total_(height, width) {}

    void add(const Batch& batch, int item, Pixel corner) {
        const float* from = batch.item(item);
        const std::size_t area = batch.item_size() / 3U;
        const int rows = std::min(batch.height, total_.height - corner.y);
        const int columns = std::min(batch.width, total_.width - corner.x);
        for (int y = 0; y < rows; ++y) {
            for (int x = 0; x < columns; ++x) {
                const std::size_t in_tile = weights_.index(y, x);
                const std::size_t in_image = total_.index(corner.y + y, corner.x + x);
                const float weight = weights_.values[in_tile];
                total_.values[in_image] += weight;
                for (std::size_t channel = 0; channel < sums_.size(); ++channel) {
                    sums_[channel].values[in_image] += weight * from[channel * area + in_tile];
                }
            }
        }
    }

    NetworkOutput result() && {
        for (Plane& sum : sums_) {
            for (std::size_t i = 0; i < sum.values.size(); ++i) {
                sum.values[i] /= total_.values[i];
            }
        }
        NetworkOutput output;
        output.flow.y = std::move(sums_[0]);
        output.flow.x = std::move(sums_[1]);
        output.cellprob = std::move(sums_[2]);
        return output;
    }

 private:
    const Plane& weights_;
    Channels sums_;
    Plane total_;
};

}  // namespace

Result<NetworkOutput> predict_image(Predictor& predictor, const Channels& channels, int tile) {
    const Plane& first = channels[0];
    const TilePlan plan = plan_tiles(first, tile, predictor.fixed_side());
    const Plane weights = taper(plan.height, plan.width);
    Blend blend(first.height, first.width, weights);
    for (std::size_t done = 0; done < plan.corners.size(); done += tiles_at_once) {
        const std::size_t items = std::min<std::size_t>(tiles_at_once, plan.corners.size() - done);
        Batch batch(static_cast<int>(items), plan.height, plan.width);
        for (std::size_t item = 0; item < items; ++item) {
            cut_tile(channels, plan.corners[done + item], batch, static_cast<int>(item));
        }
        const auto answer = predictor.predict(batch);
        if (!answer) return tl::unexpected(answer.error());
        for (std::size_t item = 0; item < items; ++item) {
            blend.add(*answer, static_cast<int>(item), plan.corners[done + item]);
        }
    }
    return std::move(blend).result();
}

}  // namespace xorch::cellseg
