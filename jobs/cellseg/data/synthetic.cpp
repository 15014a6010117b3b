#include "jobs/cellseg/data/synthetic.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numbers>

#include "jobs/cellseg/flows/labels.h"
#include "jobs/files/png_file.h"
#include "jobs/files/tiff_file.h"
#include "jobs/random/random_stream.h"

namespace xorch::cellseg {

namespace {

constexpr int side = 96;  // pixels
constexpr int unlabelled_nuclei = 26;
constexpr int debris_blobs = 3;
constexpr double ground = 0.1;
constexpr double dapi_noise = 0.06;
constexpr double marker_noise = 0.08;
// Where 1.0 lies in the 16-bit files: what is brighter must not be cut off.
constexpr double full_scale = 30000.0;

enum class Marker { gfap, iba1, neun, olig2 };

struct Kind {
    Marker marker;
    const char* name;
    int cells;
    double radius_low;  // pixels
    double radius_high;
    double flattening;  // short axis over long axis
};

constexpr Kind kinds[] = {
    {Marker::gfap,  "gfap",  5,  7.0, 9.0, 1.0 },
    {Marker::iba1,  "iba1",  5,  5.0, 6.5, 0.55},
    {Marker::neun,  "neun",  7,  7.0, 9.0, 1.0 },
    {Marker::olig2, "olig2", 16, 3.2, 4.3, 1.0 },
};

struct Ellipse {
    double y = 0.0;
    double x = 0.0;
    double radius = 1.0;  // of the long axis
    double flattening = 1.0;
    double angle = 0.0;  // of the long axis, radians

    bool covers(int row, int column) const {
        const double down = row - y;
        const double along = column - x;
        const double major = (along * std::cos(angle) + down * std::sin(angle)) / radius;
        const double minor =
            (down * std::cos(angle) - along * std::sin(angle)) / (radius * flattening);
        return major * major + minor * minor <= 1.0;
    }
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

void paint(Plane& plane, const Ellipse& ellipse, double brightness) {
    for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
            if (!ellipse.covers(y, x)) continue;
            plane.at(y, x) = std::max(plane.at(y, x), static_cast<float>(brightness));
        }
    }
}

class Scene {
 public:
    Scene(const Kind& kind, const RandomStream& random)
        : kind_(kind),
          random_(random),
          staining_(draw_staining(random_)),
          dapi_(side, side),
          marker_(side, side),
          labels_(side, side) {}

    void draw() {
        // A weak marker is what makes olig2 hard.
        const double amplitude = kind_.marker == Marker::olig2 ? 0.2 * random_.uniform(0.8, 1.4)
                                                               : random_.uniform(0.5, 0.9);
        for (int cell = 1; cell <= kind_.cells; ++cell) {
            add_cell(cell, amplitude);
        }
        // The marker bleeds into nuclei that are no cells of its kind.
        for (int i = 0; i < unlabelled_nuclei; ++i) {
            const Ellipse nucleus = place(random_.uniform(3.0, 4.5), 1.0);
            paint(dapi_, nucleus, random_.uniform(0.5, 0.9));
            paint(marker_, nucleus, amplitude * staining_.bleed * random_.uniform(0.6, 1.3));
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
    }

    Raster raster() const {
        Raster raster{.height = side, .width = side, .channels = 3, .samples = {}};
        for (std::size_t i = 0; i < dapi_.values.size(); ++i) {
            for (const float value : {dapi_.values[i], marker_.values[i], 0.0F}) {
                raster.samples.push_back(full_scale * value);
            }
        }
        return raster;
    }

    const Labels& labels() const { return labels_; }

 private:
    Ellipse place(double radius, double flattening) {
        Ellipse ellipse{.radius = radius, .flattening = flattening};
        ellipse.y = random_.uniform(2.0, side - 2.0);
        ellipse.x = random_.uniform(2.0, side - 2.0);
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
        for (int y = 0; y < side; ++y) {
            for (int x = 0; x < side; ++x) {
                if (labels_.at(y, x) > 0 && ellipse.covers(y, x)) return true;
            }
        }
        return false;
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

    void mark(const Ellipse& ellipse, int label) {
        for (int y = 0; y < side; ++y) {
            for (int x = 0; x < side; ++x) {
                if (labels_.at(y, x) == 0 && ellipse.covers(y, x)) labels_.at(y, x) = label;
            }
        }
    }

    void add_shade(Plane& plane) const {
        for (int y = 0; y < side; ++y) {
            for (int x = 0; x < side; ++x) {
                const double along = x * std::cos(staining_.angle) + y * std::sin(staining_.angle);
                const double light = 1.0 + staining_.shade * (along / side - 0.5);
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

    const Kind& kind_;
    RandomStream random_;
    Staining staining_;
    Plane dapi_;
    Plane marker_;
    Labels labels_;
};

struct SplitSize {
    const char* name;
    int images[4];  // in the order of `kinds`
};

constexpr SplitSize split_sizes[] = {
    {"train", {18, 18, 19, 17}},
    {"val",   {5, 5, 5, 9}    },
    {"test",  {7, 7, 6, 4}    },
};

Result<void> make_image(const std::string& path, const Kind& kind, const RandomStream& random) {
    Scene scene(kind, random);
    scene.draw();
    if (auto written = write_png16(path + ".png", scene.raster()); !written) return written;
    return write_label_tiff(path + "_mask.tif", scene.labels());
}

}  // namespace

Result<void> make_cells(const std::string& directory, std::uint64_t seed) {
    int donor = 10'000'000;
    for (const SplitSize& split : split_sizes) {
        const std::string folder = fmt::format("{}/{}_cells", directory, split.name);
        std::error_code error;
        std::filesystem::create_directories(folder, error);
        if (error) return fail_from_errno("making " + folder, error.value());
        for (std::size_t kind = 0; kind < std::size(kinds); ++kind) {
            for (int image = 0; image < split.images[kind]; ++image) {
                ++donor;
                const std::string path = fmt::format("{}/{}_{}", folder, kinds[kind].name, donor);
                auto made = make_image(path, kinds[kind], RandomStream(seed, "cells", {donor}));
                if (!made) return made;
            }
        }
    }
    return {};
}

}  // namespace xorch::cellseg
