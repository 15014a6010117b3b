#include "jobs/cellseg/flows/flow_targets.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace xorch::cellseg {

namespace {

// Half to even, independent of the rounding mode that some library may have left behind.
int round_half_even(double value) {
    const double below = std::floor(value);
    const double rest = value - below;
    const int whole = static_cast<int>(below);
    if (rest != 0.5) return rest > 0.5 ? whole + 1 : whole;
    return whole % 2 == 0 ? whole : whole + 1;
}

Pixel nearest_pixel(const Labels& labels, int label, const Box& box, Pixel target) {
    Pixel best;
    std::int64_t best_distance = std::numeric_limits<std::int64_t>::max();
    for (int y = box.top; y < box.bottom; ++y) {
        for (int x = box.left; x < box.right; ++x) {
            if (labels.at(y, x) != label) continue;
            const std::int64_t down = y - target.y;
            const std::int64_t along = x - target.x;
            const std::int64_t distance = down * down + along * along;
            if (distance >= best_distance) continue;
            best_distance = distance;
            best = {y, x};
        }
    }
    return best;
}

Pixel find_centre(const Labels& labels, int label, const Box& box) {
    std::int64_t sum_y = 0;
    std::int64_t sum_x = 0;
    std::int64_t count = 0;
    for (int y = box.top; y < box.bottom; ++y) {
        for (int x = box.left; x < box.right; ++x) {
            if (labels.at(y, x) != label) continue;
            sum_y += y + 1;
            sum_x += x + 1;
            ++count;
        }
    }
    const double pixels = static_cast<double>(count);
    const Pixel mean{
        round_half_even(static_cast<double>(sum_y) / pixels) - 1,
        round_half_even(static_cast<double>(sum_x) / pixels) - 1};
    if (labels.contains(mean.y, mean.x) && labels.at(mean.y, mean.x) == label) return mean;
    return nearest_pixel(labels, label, box, mean);
}

// The heat of one cell in its box with a border of zeros. The buffers are reused between cells.
class CellDiffusion {
 public:
    void prepare(const Labels& labels, int label, const Box& box) {
        height_ = box.height();
        stride_ = static_cast<std::size_t>(box.width()) + 2;
        const std::size_t size = (static_cast<std::size_t>(height_) + 2) * stride_;
        heat_.assign(size, 0.0);
        rows_.assign(size, 0.0);
        share_.assign(size, 0.0);
        for (int y = 0; y < height_; ++y) {
            for (int x = 0; x < box.width(); ++x) {
                const bool inside = labels.at(box.top + y, box.left + x) == label;
                share_[place(y, x)] = inside ? 1.0 / 9.0 : 0.0;
            }
        }
    }

    // The two outer neighbours are added first: mirrored cells get mirrored sums to the last bit,
    // so the slope at a symmetric centre is exactly zero and not a random direction.
    void step(Pixel centre) {
        heat_[place(centre.y, centre.x)] += 1.0;
        for (int y = 0; y < height_; ++y) {
            const double* centre_column = &heat_[place(y, 0)];
            const double* left = centre_column - 1;
            const double* right = centre_column + 1;
            double* to = &rows_[place(y, 0)];
            const std::size_t width = stride_ - 2;
            for (std::size_t x = 0; x < width; ++x) {
                to[x] = (left[x] + right[x]) + centre_column[x];
            }
        }
        for (int y = 0; y < height_; ++y) {
            const double* middle = &rows_[place(y, 0)];
            const double* above = middle - stride_;
            const double* below = middle + stride_;
            const double* share = &share_[place(y, 0)];
            double* to = &heat_[place(y, 0)];
            const std::size_t width = stride_ - 2;
            for (std::size_t x = 0; x < width; ++x) {
                to[x] = ((above[x] + below[x]) + middle[x]) * share[x];
            }
        }
    }

    void add_to(Grid<double>& heat, const Box& box) const {
        for (int y = 0; y < height_; ++y) {
            for (int x = 0; x < box.width(); ++x) {
                if (share_[place(y, x)] > 0.0) {
                    heat.at(box.top + y, box.left + x) = heat_[place(y, x)];
                }
            }
        }
    }

 private:
    std::size_t place(int y, int x) const {
        return (static_cast<std::size_t>(y) + 1) * stride_ + static_cast<std::size_t>(x) + 1;
    }

    int height_ = 0;
    std::size_t stride_ = 0;
    std::vector<double> heat_;
    std::vector<double> rows_;   // sums over three columns
    std::vector<double> share_;  // a ninth within the cell, else 0
};

double heat_at(const Grid<double>& heat, int y, int x) {
    return heat.contains(y, x) ? heat.at(y, x) : 0.0;
}

}  // namespace

std::vector<Pixel> find_centres(const Labels& labels, const std::vector<Box>& boxes) {
    std::vector<Pixel> centres(boxes.size());
    for (std::size_t cell = 0; cell < boxes.size(); ++cell) {
        if (boxes[cell].is_empty()) continue;
        centres[cell] = find_centre(labels, static_cast<int>(cell) + 1, boxes[cell]);
    }
    return centres;
}

int diffusion_steps(const std::vector<Box>& boxes) {
    int largest = 0;
    for (const Box& box : boxes) {
        if (!box.is_empty()) largest = std::max(largest, box.height() + box.width() + 2);
    }
    return 2 * largest;
}

Grid<double> diffuse_heat(const Labels& labels, int steps) {
    Grid<double> heat(labels.height, labels.width);
    const std::vector<Box> boxes = find_boxes(labels);
    const std::vector<Pixel> centres = find_centres(labels, boxes);
    CellDiffusion diffusion;
    for (std::size_t cell = 0; cell < boxes.size(); ++cell) {
        const Box& box = boxes[cell];
        if (box.is_empty()) continue;
        diffusion.prepare(labels, static_cast<int>(cell) + 1, box);
        const Pixel centre{centres[cell].y - box.top, centres[cell].x - box.left};
        for (int step = 0; step < steps; ++step) {
            diffusion.step(centre);
        }
        diffusion.add_to(heat, box);
    }
    return heat;
}

FlowField flow_targets(const Labels& labels) {
    const Grid<double> heat = diffuse_heat(labels, diffusion_steps(find_boxes(labels)));
    FlowField flow(labels.height, labels.width);
    for (int y = 0; y < labels.height; ++y) {
        for (int x = 0; x < labels.width; ++x) {
            if (labels.at(y, x) == 0) continue;
            const double down = heat_at(heat, y + 1, x) - heat_at(heat, y - 1, x);
            const double along = heat_at(heat, y, x + 1) - heat_at(heat, y, x - 1);
            // Far less than any heat: it only keeps a flat spot from dividing by zero.
            const double norm = 1e-60 + std::sqrt(down * down + along * along);
            flow.y.at(y, x) = static_cast<float>(down / norm);
            flow.x.at(y, x) = static_cast<float>(along / norm);
        }
    }
    return flow;
}

}  // namespace xorch::cellseg
