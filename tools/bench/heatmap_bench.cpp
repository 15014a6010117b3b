// Maps and boxes per second of the numerics of heat maps, on made maps:
//   heatmap_bench OUT_FOLDER
// writes what it worked on and what came out, as raw arrays, for heatmap_bench.py, which times the
// same in NumPy and SciPy, compares the results and prints both side by side.

#include <fmt/core.h>

#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "jobs/heatmap/detect/average_precision.h"
#include "jobs/heatmap/detect/region_boxes.h"
#include "jobs/heatmap/maps/heat_map.h"
#include "jobs/random/random_stream.h"

namespace {

using namespace xorch;
using namespace xorch::heatmap;

constexpr int map_count = 200;
constexpr int image_count = 500;
constexpr int detections_per_image = 4;
const std::vector<double> least_overlaps{0.05, 0.1, 0.2, 0.5};

// Time on a processor, of the one thread there is: other programs on the machine count less.
class Stopwatch {
 public:
    double seconds() const { return static_cast<double>(std::clock() - begin_) / CLOCKS_PER_SEC; }

 private:
    std::clock_t begin_ = std::clock();
};

template <class T>
void append(std::ofstream& file, const std::vector<T>& values) {
    file.write(
        reinterpret_cast<const char*>(values.data()),
        static_cast<std::streamsize>(values.size() * sizeof(T))
    );
}

HeatMap random_map(RandomStream& random) {
    PatchMap patches(7, 7);
    for (double& value : patches.values) {
        value = 0.18 + 0.03 * random.normal();
    }
    return spread(patches);
}

struct Times {
    double thresholds = 0;
    double boxes = 0;
    double matching = 0;
};

void measure_maps(const std::string& out, Times& times) {
    std::ofstream maps(out + "/maps.f64", std::ios::binary);
    std::ofstream found_thresholds(out + "/thresholds.f64", std::ios::binary);
    std::ofstream found_boxes(out + "/boxes.f64", std::ios::binary);
    RandomStream random(1, "bench.maps");
    for (int number = 0; number < map_count; ++number) {
        const HeatMap map = random_map(random);
        append(maps, map.values);

        const Stopwatch threshold_watch;
        const Thresholds thresholds(map.values);
        times.thresholds += threshold_watch.seconds();
        append(found_thresholds, thresholds.percentiles());

        const PixelMask mask = apply_threshold(map, {.threshold = thresholds.percentile(75)});
        const Stopwatch box_watch;
        const std::vector<Box> boxes = boxes_around(mask, {});
        times.boxes += box_watch.seconds();
        for (const Box& box : boxes) {
            append(
                found_boxes,
                std::vector<double>{double(number), box.left, box.top, box.right, box.bottom}
            );
        }
    }
}

Box random_box(RandomStream& random) {
    const double left = std::floor(random.uniform(0, 120));
    const double top = std::floor(random.uniform(0, 120));
    return {
        left,
        top,
        left + std::floor(random.uniform(20, 104)),
        top + std::floor(random.uniform(20, 104))};
}

void measure_matching(const std::string& out, Times& times) {
    std::ofstream input(out + "/detections.f64", std::ios::binary);
    std::ofstream output(out + "/precisions.f64", std::ios::binary);
    RandomStream random(1, "bench.boxes");
    ClassBoxes boxes;
    std::vector<double> rows;  // image, box, score; a true box has a score of -1
    const auto keep = [&](int image, const Box& box, double score) {
        rows.insert(rows.end(), {double(image), box.left, box.top, box.right, box.bottom, score});
    };
    for (int image = 0; image < image_count; ++image) {
        boxes.truths.push_back({image, random_box(random)});
        keep(image, boxes.truths.back().box, -1);
        for (int i = 0; i < detections_per_image; ++i) {
            boxes.detections.push_back({image, random_box(random), random.uniform()});
            keep(image, boxes.detections.back().box, boxes.detections.back().score);
        }
    }
    append(input, rows);
    const Stopwatch watch;
    const auto precisions = average_precisions(boxes, least_overlaps, Matching::per_image);
    times.matching += watch.seconds();
    append(output, precisions);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "heatmap_bench OUT_FOLDER\n");
        return EXIT_FAILURE;
    }
    Times times;
    measure_maps(argv[1], times);
    measure_matching(argv[1], times);
    fmt::print(
        "{{\"thresholds\": {}, \"boxes\": {}, \"matching\": {}}}\n",
        times.thresholds,
        times.boxes,
        times.matching
    );
    return EXIT_SUCCESS;
}
