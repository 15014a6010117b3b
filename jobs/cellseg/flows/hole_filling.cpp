#include "jobs/cellseg/flows/hole_filling.h"

#include <array>
#include <vector>

#include "jobs/cellseg/flows/labels.h"

namespace xorch::cellseg {

namespace {

enum class Reach : std::int8_t { unknown, cell, outside };

// The box of one cell with a border of one pixel, all of which is outside.
Grid<Reach> mark_cell(const Labels& labels, int label, const Box& box) {
    Grid<Reach> reach(box.height() + 2, box.width() + 2, Reach::unknown);
    for (int y = box.top; y < box.bottom; ++y) {
        for (int x = box.left; x < box.right; ++x) {
            if (labels.at(y, x) == label) {
                reach.at(y - box.top + 1, x - box.left + 1) = Reach::cell;
            }
        }
    }
    return reach;
}

void flood_from_outside(Grid<Reach>& reach) {
    std::vector<Pixel> open{
        {0, 0}
    };
    reach.at(0, 0) = Reach::outside;
    while (!open.empty()) {
        const Pixel at = open.back();
        open.pop_back();
        const std::array<Pixel, 4> neighbours{
            Pixel{at.y - 1, at.x    },
            {at.y + 1, at.x    },
            {at.y,     at.x - 1},
            {at.y,     at.x + 1}
        };
        for (const Pixel next : neighbours) {
            if (!reach.contains(next.y, next.x)) continue;
            if (reach.at(next.y, next.x) != Reach::unknown) continue;
            reach.at(next.y, next.x) = Reach::outside;
            open.push_back(next);
        }
    }
}

}  // namespace

void fill_holes(Labels& labels) {
    const std::vector<Box> boxes = find_boxes(labels);
    for (std::size_t cell = 0; cell < boxes.size(); ++cell) {
        const Box& box = boxes[cell];
        if (box.is_empty()) continue;
        const int label = static_cast<int>(cell) + 1;
        Grid<Reach> reach = mark_cell(labels, label, box);
        flood_from_outside(reach);
        for (int y = box.top; y < box.bottom; ++y) {
            for (int x = box.left; x < box.right; ++x) {
                if (reach.at(y - box.top + 1, x - box.left + 1) == Reach::unknown) {
                    labels.at(y, x) = label;
                }
            }
        }
    }
}

}  // namespace xorch::cellseg
