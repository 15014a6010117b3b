// Maps and areas of anomaly detection, on made scores of a class of the usual size:
//   anomaly_bench OUT_FOLDER
// writes what it worked on and what came out, as raw arrays, for anomaly_bench.py, which times the
// same in NumPy, SciPy and scikit-learn, compares the results and prints both side by side.

#include <fmt/core.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "core/statistics/float_auroc.h"
#include "jobs/anomaly/score/maps.h"
#include "jobs/random/random_stream.h"

namespace {

using namespace xorch;
using namespace xorch::anomaly;

constexpr int images = 20;
constexpr int patches = 15;  // in a row
constexpr PixelMaps pixel_maps{.resolution = 256, .sigma = 4};
constexpr int rounds = 5;  // the mean of so many is told

// Seconds of this one thread on a processor; `work` is done `rounds` times.
template <class Work>
double seconds_of(const Work& work) {
    const std::clock_t begin = std::clock();
    for (int round = 0; round < rounds; ++round) {
        work();
    }
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC / rounds;
}

Plane draw_map(std::int64_t image) {
    RandomStream random(1, "bench map", {image});
    Plane map(patches, patches);
    for (float& score : map.values) {
        score = static_cast<float>(0.02 + 0.1 * random.uniform());
    }
    return map;
}

template <class T>
void write_array(const std::string& path, const std::vector<T>& values) {
    std::ofstream file(path, std::ios::binary);
    file.write(
        reinterpret_cast<const char*>(values.data()),
        static_cast<std::streamsize>(values.size() * sizeof(T))
    );
}

struct Sides {
    std::vector<float> positives;
    std::vector<float> negatives;
};

// A disc in every other image is abnormal, and scores higher by a little.
Sides split(std::vector<float>& pixels, std::vector<std::uint8_t>& truth) {
    Sides sides;
    const auto side = static_cast<std::size_t>(pixel_maps.resolution);
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        const std::size_t image = i / (side * side);
        const auto y = static_cast<double>(i / side % side) - 100;
        const auto x = static_cast<double>(i % side) - 150;
        const bool abnormal = image % 2 == 1 && y * y + x * x < 900;
        if (abnormal) pixels[i] += 0.02F;
        truth.push_back(abnormal ? 1 : 0);
        (abnormal ? sides.positives : sides.negatives).push_back(pixels[i]);
    }
    return sides;
}

int run(const std::string& out) {
    std::vector<Plane> memory;
    std::vector<float> grids;
    for (int image = 0; image < images; ++image) {
        memory.push_back(draw_map(image));
        grids.insert(grids.end(), memory.back().values.begin(), memory.back().values.end());
    }
    std::vector<float> pixels;
    const double maps = seconds_of([&] {
        pixels.clear();
        for (const Plane& map : memory) {
            const Plane large = to_pixels(map, pixel_maps);
            pixels.insert(pixels.end(), large.values.begin(), large.values.end());
        }
    });
    write_array(out + "/grids.f32", grids);
    write_array(out + "/maps.f32", pixels);
    std::vector<std::uint8_t> truth;
    const Sides sides = split(pixels, truth);
    write_array(out + "/scores.f32", pixels);
    write_array(out + "/truth.u8", truth);
    double area = 0;
    const double areas =
        seconds_of([&] { area = float_auroc(sides.positives, sides.negatives).value(); });
    fmt::print(
        "{{\"images\": {}, \"area\": {}, \"maps\": {}, \"auroc\": {}}}\n", images, area, maps, areas
    );
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2) return run(argv[1]);
    fmt::print(stderr, "anomaly_bench OUT_FOLDER\n");
    return EXIT_FAILURE;
}
