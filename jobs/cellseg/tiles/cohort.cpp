#include "jobs/cellseg/tiles/cohort.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/io/posix_disk.h"
#include "jobs/files/tiff_file.h"

namespace xorch::cellseg {

namespace {

constexpr int markers_count = 5;
// How strongly the density of a marker's cells follows the burden; the sign is the direction.
constexpr double strength[markers_count] = {0.40, 0.25, -0.40, -0.15, 0.0};
constexpr double density_noise = 0.15;
// Cells of each marker in a tile of 64 x 64 pixels, before a donor's factor.
constexpr double usual_cells[markers_count] = {3.0, 3.5, 4.0, 8.0, 3.5};
constexpr double usual_other_nuclei = 10.0;
constexpr double other_nuclei_noise = 0.4;
constexpr int first_donor = 10'100'000;
constexpr double full_scale = 30000.0;  // where 1.0 lies in the files

double clamped(double value, double low, double high) {
    return std::clamp(std::round(value), low, high);
}

void quantise(Plane& plane) {
    for (float& value : plane.values) {
        value = static_cast<float>(std::round(full_scale * static_cast<double>(value)));
    }
}

Result<void> write_plane(const std::string& path, const Plane& plane) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    if (error) return fail_from_errno("making the folder of " + path, error.value());
    Labels samples(plane.height, plane.width);
    std::transform(
        plane.values.begin(),
        plane.values.end(),
        samples.values.begin(),
        [](float value) { return static_cast<std::int32_t>(value); }
    );
    return write_label_tiff(path, samples);
}

}  // namespace

Cohort::Cohort(const CohortSettings& settings) : settings_(settings) {
    for (int number = 0; number < settings_.donors; ++number) {
        RandomStream random(settings_.seed, "donor", {number});
        Donor donor;
        donor.burden = random.normal();
        donor.other_nuclei = std::exp(other_nuclei_noise * random.normal());
        for (int marker = 0; marker < markers_count; ++marker) {
            donor.density[marker] =
                std::exp(strength[marker] * donor.burden + density_noise * random.normal());
        }
        donors_.push_back(donor);
    }
}

int Cohort::donor_of(int tile) const {
    return tile / markers_count % settings_.donors;
}

Marker Cohort::marker_of(int tile) const {
    return static_cast<Marker>(tile % markers_count);
}

TileFile Cohort::name(int tile) const {
    const std::string donor = std::to_string(first_donor + 1 + donor_of(tile));
    const std::string marker = kind_of(marker_of(tile)).name;
    // Both forms of names that exports have, so that neither is forgotten.
    const bool named = marker_of(tile) == Marker::neun;
    const std::string folder = marker + "/" + donor + "/S1_";
    const std::string place = fmt::format("x{}-{}", tile, settings_.side);
    return {
        .key = folder + place,
        .marker = marker,
        .donor = donor,
        .c0 = folder + (named ? "dapi-b0c0" : "b0c0") + place + ".tif",
        .c1 = folder + (named ? "NeuN-b0c1" : "b0c1") + place + ".tif"};
}

Scene Cohort::draw(int tile) const {
    RandomStream random(settings_.seed, "tile", {tile});
    const Donor& donor = donors_[static_cast<std::size_t>(donor_of(tile))];
    const auto marker = static_cast<std::size_t>(tile % markers_count);
    const double area = settings_.side * settings_.side / (64.0 * 64.0);
    const double cells = area * usual_cells[marker] * donor.density[marker];
    const double nuclei = area * usual_other_nuclei * donor.other_nuclei;
    // Rounded at random, so that small differences of density survive.
    const SceneSettings settings{
        .marker = marker_of(tile),
        .side = settings_.side,
        .cells = static_cast<int>(cells * random.uniform(0.7, 1.3) + random.uniform()),
        .other_nuclei = static_cast<int>(nuclei * random.uniform(0.7, 1.3) + random.uniform())};
    Scene scene = draw_scene(settings, RandomStream(settings_.seed, "scene", {tile}));
    quantise(scene.dapi);
    quantise(scene.marker);
    return scene;
}

DelimitedTable Cohort::clinical() const {
    DelimitedTable table{
        .header =
            {"projid",
                     "braaksc", "ceradsc",
                     "cogdx", "dcfdx_lv",
                     "plaq_d", "plaq_n",
                     "nft", "gpath"},
        .rows = {}
    };
    for (int number = 0; number < settings_.donors; ++number) {
        const double burden = donors_[static_cast<std::size_t>(number)].burden;
        RandomStream random(settings_.seed, "clinical", {number});
        const auto noise = [&] { return 0.5 * random.normal(); };
        const double values[] = {
            clamped(3.0 + 1.3 * (burden + noise()), 0, 6),
            clamped(2.5 - 0.9 * (burden + noise()), 1, 4),
            clamped(3.0 + 1.1 * (burden + noise()), 1, 6),
            clamped(3.0 + 1.1 * (burden + noise()), 1, 6),
            std::exp(0.6 * (burden + noise())),
            std::exp(0.6 * (burden + noise())),
            std::exp(0.8 * (burden + noise())),
            std::exp(0.5 * (burden + noise()))};
        std::vector<std::string> row{std::to_string(first_donor + 1 + number) + ".0"};
        for (const double value : values) {
            row.push_back(fmt::format("{}", value));
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

Result<void> make_tiles(const std::string& directory, const CohortSettings& settings) {
    const Cohort cohort(settings);
    for (int tile = 0; tile < cohort.tiles(); ++tile) {
        const TileFile name = cohort.name(tile);
        const Scene scene = cohort.draw(tile);
        auto written = write_plane(directory + "/" + name.c0, scene.dapi);
        if (written) written = write_plane(directory + "/" + name.c1, scene.marker);
        if (!written) return written;
    }
    PosixDisk disk;
    return write_file_atomically(
        disk, directory + "/clinical.csv", format_delimited(cohort.clinical(), ',')
    );
}

Result<void> make_whole_cohort(const std::string& directory, std::uint64_t seed) {
    return make_tiles(directory, {.seed = seed});
}

}  // namespace xorch::cellseg
