#include "jobs/cellseg/flows/dynamics.h"

#include <algorithm>

namespace xorch::cellseg {

namespace {

struct Vector {
    float y = 0.0F;
    float x = 0.0F;
};

// The field with both components side by side and a border of zeros, so that a sample needs no
// question about edges.
class BorderedField {
 public:
    explicit BorderedField(const FlowField& field)
        : last_{static_cast<float>(field.y.height - 1), static_cast<float>(field.y.width - 1)},
          scale_{stretch(field.y.height), stretch(field.y.width)},
          stride_(static_cast<std::size_t>(field.y.width) + 2),
          vectors_((static_cast<std::size_t>(field.y.height) + 2) * stride_) {
        for (int y = 0; y < field.y.height; ++y) {
            for (int x = 0; x < field.y.width; ++x) {
                vectors_[place(y + 1, x + 1)] = {field.y.at(y, x), field.x.at(y, x)};
            }
        }
    }

    Position step(Position from) const {
        // One more than the sampled index, for the border: never negative, so that a cast rounds
        // down.
        const float y = from.y * scale_.y + 0.5F;
        const float x = from.x * scale_.x + 0.5F;
        const int top = static_cast<int>(y);
        const int left = static_cast<int>(x);
        const float down = y - static_cast<float>(top);
        const float along = x - static_cast<float>(left);
        const Vector* corner = &vectors_[place(top, left)];
        const Vector* below = corner + stride_;
        const float a = (1.0F - down) * (1.0F - along);
        const float b = (1.0F - down) * along;
        const float c = down * (1.0F - along);
        const float d = down * along;
        const float move_y = corner[0].y * a + corner[1].y * b + below[0].y * c + below[1].y * d;
        const float move_x = corner[0].x * a + corner[1].x * b + below[0].x * c + below[1].x * d;
        return {
            std::clamp(from.y + move_y, 0.0F, last_.y), std::clamp(from.x + move_x, 0.0F, last_.x)};
    }

 private:
    static float stretch(int length) {
        return length > 1 ? static_cast<float>(length) / static_cast<float>(length - 1) : 1.0F;
    }

    std::size_t place(int y, int x) const {
        return static_cast<std::size_t>(y) * stride_ + static_cast<std::size_t>(x);
    }

    Position last_;
    Vector scale_;
    std::size_t stride_;
    std::vector<Vector> vectors_;
};

bool same(Position left, Position right) {
    return left.y == right.y && left.x == right.x;
}

// Most pixels come to rest, or to swing between two places, long before the last step. From there
// on the end is known, to the bit.
Position follow_one(const BorderedField& field, Position position, int steps) {
    Position before = position;
    for (int taken = 0; taken < steps; ++taken) {
        const Position next = field.step(position);
        if (same(next, position)) return position;
        if (taken > 0 && same(next, before)) {
            return (steps - taken) % 2 == 0 ? position : next;
        }
        before = position;
        position = next;
    }
    return position;
}

}  // namespace

std::vector<Position> follow_flows(
    const FlowField& field, const std::vector<Pixel>& starts, int steps
) {
    const BorderedField bordered(field);
    std::vector<Position> ends;
    ends.reserve(starts.size());
    for (const Pixel start : starts) {
        const Position from{static_cast<float>(start.y), static_cast<float>(start.x)};
        ends.push_back(follow_one(bordered, from, steps));
    }
    return ends;
}

}  // namespace xorch::cellseg
