#include "jobs/cellseg/data/scene.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "jobs/cellseg/flows/labels.h"

namespace xorch::cellseg {

namespace {

constexpr int debris_blobs = 3;
constexpr double ground = 0.1;
constexpr double dapi_noise = 0.06;
constexpr double marker_noise = 0.08;

constexpr CellKind kinds[] = {
    {Marker::gfap,  "gfap",  5,  7.0, 9.0, 1.0 },
    {Marker::iba1,  "iba1",  5,  5.0, 6.5, 0.55},
    {Marker::neun,  "neun",  7,  7.0, 9.0, 1.0 },
    {Marker::olig2, "olig2", 16, 3.2, 4.3, 1.0 },
    {Marker::pecam, "pecam", 6,  6.0, 9.0, 0.35},
};

struct Ellipse {
    double y = 0.0;
    double x = 0.0;
    double radius = 1.0;  // of the long axis
    double flattening = 1.0;
    double angle = 0.0;  // of the long axis, radians
};

// The pixels of an image that an ellipse covers.
class Footprint {
 public:
    Footprint(const Ellipse& ellipse, int side)
        : ellipse_(ellipse),
          cos_(std::cos(ellipse.angle)),
          sin_(std::sin(ellipse.angle)),
          top_(std::max(0, static_cast<int>(std::floor(ellipse.y - ellipse.radius)))),
          left_(std::max(0, static_cast<int>(std::floor(ellipse.x - ellipse.radius)))),
          bottom_(std::min(side - 1, static_cast<int>(std::ceil(ellipse.y + ellipse.radius)))),
          right_(std::min(side - 1, static_cast<int>(std::ceil(ellipse.x + ellipse.radius)))) {}

    template <class Visit>
    void for_each(const Visit& visit) const {
        for (int y = top_; y <= bottom_; ++y) {
            for (int x = left_; x <= right_; ++x) {
                if (covers(y, x)) visit(y, x);
            }
        }
    }

 private:
    bool covers(int row, int column) const {
        const double down = row - ellipse_.y;
        const double along = column - ellipse_.x;
        const double major = (along * cos_ + down * sin_) / ellipse_.radius;
        const double minor = (down * cos_ - along * sin_) / (ellipse_.radius * ellipse_.flattening);
        return major * major + minor * minor <= 1.0;
    }

    Ellipse ellipse_;
    double cos_;
    double sin_;
    int top_;
    int left_;
    int bottom_;
    int right_;
};

// What differs from image to image, as it does between stainings: few images do not show it all.
struct Staining {
    double size;   // of the cells, in their kind's
    double noise;  // in that of a usual image
    double bleed;  // how bright nuclei of other cells are, in the brightness of the cells
    double shade;  // how much darker one side is
    double angle;  // where that side is
};

Staining draw_staining(RandomStream& random) {
    Staining staining{};
    staining.size = random.uniform(0.75, 1.35);
    staining.noise = std::exp2(random.uniform(-1.0, 1.0));
    staining.bleed = random.uniform(0.2, 0.8);
    staining.shade = random.uniform(0.0, 0.7);
    staining.angle = random.uniform(0.0, 2.0 * std::numbers::pi);
    return staining;
}

class Painter {
 public:
    Painter(const SceneSettings& settings, const RandomStream& random)
        : settings_(settings),
          kind_(kind_of(settings.marker)),
          random_(random),
          staining_(draw_staining(random_)),
          dapi_(settings.side, settings.side),
          marker_(settings.side, settings.side),
          labels_(settings.side, settings.side) {}

    Scene draw() && {
        // A weak marker is what makes olig2 hard.
        const double amplitude = kind_.marker == Marker::olig2 ? 0.2 * random_.uniform(0.8, 1.4)
                                                               : random_.uniform(0.5, 0.9);
        for (int cell = 1; cell <= settings_.cells; ++cell) {
            add_cell(cell, amplitude);
        }
        for (int i = 1; i <= settings_.other_nuclei; ++i) {
            add_other_nucleus(settings_.every_nucleus ? settings_.cells + i : 0, amplitude);
        }
        // Bright debris keeps the 99th percentile comparable: otherwise normalising would tell a
        // weak marker by its brightness alone.
        for (int i = 0; i < debris_blobs; ++i) {
            paint(marker_, place(random_.uniform(2.0, 3.5), 1.0), random_.uniform(0.9, 1.2));
        }
        add_shade(dapi_);
        add_shade(marker_);
        add_noise(dapi_, staining_.noise * dapi_noise);
        add_noise(marker_, staining_.noise * marker_noise);
        renumber(labels_);
        return {
            .dapi = std::move(dapi_), .marker = std::move(marker_), .labels = std::move(labels_)};
    }

 private:
    int side() const { return settings_.side; }

    Ellipse place(double radius, double flattening) {
        Ellipse ellipse{.radius = radius, .flattening = flattening};
        ellipse.y = random_.uniform(2.0, side() - 2.0);
        ellipse.x = random_.uniform(2.0, side() - 2.0);
        ellipse.angle = random_.uniform(0.0, std::numbers::pi);
        return ellipse;
    }

    // A place that covers no other cell, as far as a few tries find one.
    Ellipse free_place() {
        constexpr int tries = 40;
        Ellipse cell;
        for (int i = 0; i < tries; ++i) {
            const double radius = random_.uniform(kind_.radius_low, kind_.radius_high);
            cell = place(staining_.size * radius, kind_.flattening);
            if (!covers_a_cell(cell)) break;
        }
        return cell;
    }

    bool covers_a_cell(const Ellipse& ellipse) const {
        bool covered = false;
        Footprint(ellipse, side()).for_each([&](int y, int x) {
            covered = covered || labels_.at(y, x) > 0;
        });
        return covered;
    }

    void add_cell(int label, double amplitude) {
        const Ellipse body = free_place();
        const double brightness = amplitude * random_.uniform(0.85, 1.15);
        mark(body, label);
        paint(marker_, body, brightness);
        Ellipse nucleus = body;
        nucleus.radius = std::max(2.5, body.radius * 0.6);
        paint(dapi_, nucleus, random_.uniform(0.6, 1.0));
        if (kind_.marker == Marker::gfap) add_processes(body, label, brightness, 2.2);
        if (kind_.marker == Marker::iba1) add_processes(body, 0, brightness * 0.7, 0.9);
    }

    // The marker bleeds into nuclei that are no cells of its kind. Label 0 leaves it without one.
    void add_other_nucleus(int label, double amplitude) {
        const Ellipse nucleus = place(random_.uniform(3.0, 4.5), 1.0);
        paint(dapi_, nucleus, random_.uniform(0.5, 0.9));
        paint(marker_, nucleus, amplitude * staining_.bleed * random_.uniform(0.6, 1.3));
        if (label > 0) mark(nucleus, label);
    }

    // Arms of the given half width; they belong to the cell where `label` is not 0.
    void add_processes(const Ellipse& body, int label, double brightness, double half_width) {
        const std::uint64_t count = 3 + random_.below(3);
        for (std::uint64_t i = 0; i < count; ++i) {
            Ellipse arm;
            arm.angle = random_.uniform(0.0, 2.0 * std::numbers::pi);
            const double length = body.radius + random_.uniform(4.0, 8.0);
            arm.y = body.y + std::sin(arm.angle) * length / 2.0;
            arm.x = body.x + std::cos(arm.angle) * length / 2.0;
            arm.radius = length / 2.0 + 1.0;
            arm.flattening = half_width / arm.radius;
            paint(marker_, arm, brightness);
            if (label > 0) mark(arm, label);
        }
    }

    void paint(Plane& plane, const Ellipse& ellipse, double brightness) const {
        Footprint(ellipse, side()).for_each([&](int y, int x) {
            plane.at(y, x) = std::max(plane.at(y, x), static_cast<float>(brightness));
        });
    }

    void mark(const Ellipse& ellipse, int label) {
        Footprint(ellipse, side()).for_each([&](int y, int x) {
            if (labels_.at(y, x) == 0) labels_.at(y, x) = label;
        });
    }

    void add_shade(Plane& plane) const {
        const double down = std::sin(staining_.angle);
        const double right = std::cos(staining_.angle);
        for (int y = 0; y < side(); ++y) {
            for (int x = 0; x < side(); ++x) {
                const double along = x * right + y * down;
                const double light = 1.0 + staining_.shade * (along / side() - 0.5);
                plane.at(y, x) *= static_cast<float>(light);
            }
        }
    }

    void add_noise(Plane& plane, double deviation) {
        for (float& value : plane.values) {
            const double noise = ground + deviation * random_.normal();
            value = std::max(0.0F, value + static_cast<float>(noise));
        }
    }

    SceneSettings settings_;
    const CellKind& kind_;
    RandomStream random_;
    Staining staining_;
    Plane dapi_;
    Plane marker_;
    Labels labels_;
};

}  // namespace

const CellKind& kind_of(Marker marker) {
    return kinds[static_cast<std::size_t>(marker)];
}

Scene draw_scene(const SceneSettings& settings, const RandomStream& random) {
    return Painter(settings, random).draw();
}

}  // namespace xorch::cellseg
