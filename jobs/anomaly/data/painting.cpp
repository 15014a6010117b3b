#include "jobs/anomaly/data/painting.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace xorch::anomaly {

namespace {

constexpr double noise = 0.05;  // at most; 0 is the likeliest
constexpr double pi = std::numbers::pi;

Tint draw_tint(RandomStream& random, double low, double high) {
    return {random.uniform(low, high), random.uniform(low, high), random.uniform(low, high)};
}

// Triangular around 0: a picture has tens of thousands of values, and nobody asks for their tails.
double draw_noise(RandomStream& random) {
    const std::uint32_t bits = random.bits32();
    return noise * ((bits % 65536 + bits / 65536) / 65536.0 - 1);
}

struct Direction {
    double cosine = 1;
    double sine = 0;

    Direction() = default;

    explicit Direction(double angle) : cosine(std::cos(angle)), sine(std::sin(angle)) {}

    double along(double y, double x) const { return x * cosine + y * sine; }

    double across(double y, double x) const { return y * cosine - x * sine; }
};

struct Canvas {
    std::array<Plane, 3> channels{
        Plane(painting_side, painting_side),
        Plane(painting_side, painting_side),
        Plane(painting_side, painting_side)};
    TruthMask mask{painting_side, painting_side};

    void set(int y, int x, const Tint& tint, double shade) {
        for (std::size_t channel = 0; channel < channels.size(); ++channel) {
            channels[channel].at(y, x) = static_cast<float>(tint[channel] + shade);
        }
    }

    void add(int y, int x, double shade) {
        for (Plane& channel : channels) {
            channel.at(y, x) += static_cast<float>(shade);
        }
    }
};

Painting finish(const Canvas& canvas, RandomStream& random) {
    Painting painting{.picture = Picture(painting_side, painting_side), .mask = canvas.mask};
    const auto level = [&](const Plane& channel, std::size_t at) {
        const double value = static_cast<double>(channel.values[at]) + draw_noise(random);
        return static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
    };
    for (std::size_t at = 0; at < painting.picture.values.size(); ++at) {
        Colour& colour = painting.picture.values[at];
        colour.red = level(canvas.channels[0], at);
        colour.green = level(canvas.channels[1], at);
        colour.blue = level(canvas.channels[2], at);
    }
    return painting;
}

struct Ellipse {
    double y = 0;
    double x = 0;
    double long_axis = 1;
    double short_axis = 1;
    Direction axis = {};

    // 1 on its border, 0 in its middle.
    double radius_at(double at_y, double at_x) const {
        const double along = axis.along(at_y - y, at_x - x) / long_axis;
        const double across = axis.across(at_y - y, at_x - x) / short_axis;
        return std::sqrt(along * along + across * across);
    }
};

struct Wave {
    Direction direction = {};
    double turns = 0;  // radians per pixel
    double strength = 0;
    double phase = 0;

    double at(int y, int x) const {
        return strength * std::sin(turns * direction.along(y, x) + phase);
    }
};

Wave wave_of(const Grating& grating, double phase) {
    return {
        .direction = Direction(grating.angle),
        .turns = 2 * pi / grating.wavelength,
        .strength = grating.strength,
        .phase = phase};
}

Grating changed(Grating grating, DefectKind defect, double by) {
    if (defect == DefectKind::turned) grating.angle += by;
    if (defect == DefectKind::scaled) grating.wavelength *= 1 + by;
    return grating;
}

Painting paint_surface(const ClassStyle& style, DefectKind defect, RandomStream& random) {
    Canvas canvas;
    Ellipse patch;
    patch.y = random.uniform(28, painting_side - 28);
    patch.x = random.uniform(28, painting_side - 28);
    patch.long_axis = random.uniform(14, 24);
    patch.short_axis = patch.long_axis * random.uniform(0.6, 1);
    patch.axis = Direction(random.uniform(0, pi));
    const double by = random.uniform(0.6, 1.2);  // radians, or more than the whole scale
    std::array<Wave, 2> normal;
    std::array<Wave, 2> other;
    for (std::size_t i = 0; i < style.weave.size(); ++i) {
        const double phase = random.uniform(0, 2 * pi);
        normal[i] = wave_of(style.weave[i], phase);
        other[i] = wave_of(changed(style.weave[i], defect, by), phase);
    }
    for (int y = 0; y < painting_side; ++y) {
        for (int x = 0; x < painting_side; ++x) {
            const bool abnormal = defect != DefectKind::none && patch.radius_at(y, x) <= 1;
            const auto& waves = abnormal ? other : normal;
            const double shade = waves[0].at(y, x) + waves[1].at(y, x);
            canvas.set(y, x, style.ground, shade);
            canvas.mask.at(y, x) = abnormal ? 1 : 0;
        }
    }
    return finish(canvas, random);
}

void paint_part(const ClassStyle& style, const Ellipse& part, Canvas& canvas) {
    const auto first = [](double at) { return std::max(0, static_cast<int>(at)); };
    const auto last = [](double at) { return std::min(painting_side - 1, static_cast<int>(at)); };
    for (int y = first(part.y - part.long_axis); y <= last(part.y + part.long_axis); ++y) {
        for (int x = first(part.x - part.long_axis); x <= last(part.x + part.long_axis); ++x) {
            const double radius = part.radius_at(y, x);
            if (radius > 1) continue;
            const double ring = std::sin(2 * pi * radius * part.long_axis / style.ring);
            canvas.set(y, x, style.body, 0.08 * ring);
        }
    }
}

// Adds a shade that falls off around a line; a blob is a short and broad one.
struct Stroke {
    double y = 0;
    double x = 0;
    double half_length = 0;
    Direction direction = {};
    double width = 1;
    double shade = 0.3;
};

void paint_stroke(const Stroke& stroke, Canvas& canvas) {
    constexpr double vanishing = 7;  // a thousandth of the shade
    constexpr double edge = 0.35;    // of the shade: what is weaker is not yet abnormal
    for (int y = 0; y < painting_side; ++y) {
        for (int x = 0; x < painting_side; ++x) {
            const double dy = y - stroke.y;
            const double dx = x - stroke.x;
            const double along = std::abs(stroke.direction.along(dy, dx));
            const double beyond = std::max(0.0, along - stroke.half_length);
            const double across = stroke.direction.across(dy, dx);
            const double square =
                (beyond * beyond + across * across) / (stroke.width * stroke.width);
            if (square > vanishing) continue;
            const double weight = std::exp(-square);
            canvas.add(y, x, stroke.shade * weight);
            if (weight > edge) canvas.mask.at(y, x) = 1;
        }
    }
}

Stroke draw_stroke(DefectKind defect, const Ellipse& part, double scale, RandomStream& random) {
    Stroke stroke;
    const double distance = random.uniform(0, 0.65);
    const double towards = random.uniform(0, 2 * pi);
    // Along the part's own axes, so that it lies on the part.
    const double along = distance * part.long_axis * std::cos(towards);
    const double across = distance * part.short_axis * std::sin(towards);
    stroke.x = part.x + along * part.axis.cosine - across * part.axis.sine;
    stroke.y = part.y + along * part.axis.sine + across * part.axis.cosine;
    stroke.direction = Direction(random.uniform(0, pi));
    const bool blob = defect == DefectKind::blob;
    stroke.half_length = blob ? 0 : scale * random.uniform(7, 14);
    stroke.width = blob ? scale * random.uniform(4, 7) : 1.4;
    stroke.shade = random.uniform(0.25, 0.4) * (random.chance(0.5) ? 1 : -1);
    return stroke;
}

Painting paint_parts(const ClassStyle& style, DefectKind defect, RandomStream& random) {
    Canvas canvas;
    for (int y = 0; y < painting_side; ++y) {
        for (int x = 0; x < painting_side; ++x) {
            canvas.set(y, x, style.ground, 0);
        }
    }
    const int side = style.parts_per_side;
    const double room = static_cast<double>(painting_side) / side;
    std::vector<Ellipse> parts;
    for (int i = 0; i < side * side; ++i) {
        Ellipse part;
        part.y = (i / side + 0.5) * room + random.uniform(-0.05, 0.05) * room;
        part.x = (i % side + 0.5) * room + random.uniform(-0.05, 0.05) * room;
        part.long_axis = random.uniform(0.34, 0.38) * room;
        part.short_axis = part.long_axis * style.flattening;
        part.axis = Direction(random.uniform(-0.25, 0.25));
        paint_part(style, part, canvas);
        parts.push_back(part);
    }
    if (defect != DefectKind::none) {
        const Ellipse& part = parts[random.below(parts.size())];
        paint_stroke(draw_stroke(defect, part, side == 1 ? 1 : 0.6, random), canvas);
    }
    return finish(canvas, random);
}

}  // namespace

ClassStyle draw_style(RandomStream random, bool texture, int parts_per_side) {
    ClassStyle style;
    style.texture = texture;
    style.parts_per_side = parts_per_side;
    style.ground = texture ? draw_tint(random, 0.35, 0.65) : draw_tint(random, 0.05, 0.3);
    style.body = draw_tint(random, 0.4, 0.65);
    style.flattening = random.uniform(0.6, 1);
    style.ring = random.uniform(6, 14);
    style.weave[0] = {
        .wavelength = random.uniform(6, 12), .angle = random.uniform(0, pi), .strength = 0.12};
    style.weave[1] = {
        .wavelength = random.uniform(6, 12),
        .angle = style.weave[0].angle + random.uniform(0.8, 2.2),
        .strength = 0.08};
    return style;
}

Painting paint(const ClassStyle& style, DefectKind defect, RandomStream random) {
    return style.texture ? paint_surface(style, defect, random)
                         : paint_parts(style, defect, random);
}

}  // namespace xorch::anomaly
