// Images per second of the numerics of cell segmentation, on the masks of a data folder:
//   cellseg_bench DATA_FOLDER SPLIT OUT_FOLDER
// writes what it worked on and what came out, as raw arrays, for cellseg_bench.py, which times the
// same in NumPy and SciPy, compares the results and prints both side by side.

#include <fmt/core.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "jobs/cellseg/data/cell_folder.h"
#include "jobs/cellseg/flows/dynamics.h"
#include "jobs/cellseg/flows/flow_targets.h"
#include "jobs/cellseg/metrics/matching.h"
#include "jobs/files/image_file.h"

namespace {

using namespace xorch;
using namespace xorch::cellseg;

constexpr int dynamics_steps = 200;
constexpr double thresholds[] = {0.5, 0.75, 0.9};

// Time on a processor, of the one thread there is: other programs on the machine count less.
class Stopwatch {
 public:
    double seconds() const { return static_cast<double>(std::clock() - begin_) / CLOCKS_PER_SEC; }

 private:
    std::clock_t begin_ = std::clock();
};

struct Times {
    double flows = 0.0;
    double dynamics = 0.0;
    double overlaps = 0.0;
    double matching = 0.0;
};

// The truth, two pixels further, with every seventh cell lost: a prediction with hits and misses.
Labels make_prediction(const Labels& truth) {
    Labels predicted(truth.height, truth.width);
    for (int y = 2; y < truth.height; ++y) {
        for (int x = 2; x < truth.width; ++x) {
            const int label = truth.at(y - 2, x - 2);
            predicted.at(y, x) = label % 7 == 0 ? 0 : label;
        }
    }
    return predicted;
}

std::vector<Pixel> cell_pixels(const Labels& labels) {
    std::vector<Pixel> pixels;
    for (int y = 0; y < labels.height; ++y) {
        for (int x = 0; x < labels.width; ++x) {
            if (labels.at(y, x) > 0) pixels.push_back({y, x});
        }
    }
    return pixels;
}

template <class T>
void write_array(const std::string& path, const std::vector<T>& values) {
    std::ofstream file(path, std::ios::binary);
    for (const T& value : values) {
        file.write(reinterpret_cast<const char*>(&value), sizeof value);
    }
}

void measure(const Labels& truth, const std::string& stem, Times& times) {
    const Stopwatch flow_watch;
    const FlowField flow = flow_targets(truth);
    times.flows += flow_watch.seconds();

    const std::vector<Pixel> starts = cell_pixels(truth);
    const Stopwatch dynamics_watch;
    const std::vector<Position> ends = follow_flows(flow, starts, dynamics_steps);
    times.dynamics += dynamics_watch.seconds();

    const Labels predicted = make_prediction(truth);
    const Stopwatch overlap_watch;
    const Overlaps overlaps = find_overlaps(truth, predicted);
    times.overlaps += overlap_watch.seconds();

    std::vector<std::int32_t> counts;
    const Stopwatch matching_watch;
    for (const double threshold : thresholds) {
        const Counts found = match_cells(overlaps, threshold);
        counts.push_back(found.true_positive);
        counts.push_back(found.false_positive);
        counts.push_back(found.false_negative);
    }
    times.matching += matching_watch.seconds();

    write_array(stem + ".truth", truth.values);
    write_array(stem + ".predicted", predicted.values);
    write_array(stem + ".flow_y", flow.y.values);
    write_array(stem + ".flow_x", flow.x.values);
    write_array(stem + ".ends", ends);
    write_array(stem + ".counts", counts);
}

int fail_with(const Error& error) {
    fmt::print(stderr, "{}\n", error.message);
    return EXIT_FAILURE;
}

int run(const std::string& data, const std::string& split, const std::string& out) {
    const auto files = list_cells(data);
    if (!files) return fail_with(files.error());
    const auto chosen = files_of_split(*files, split, data);
    if (!chosen) return fail_with(chosen.error());
    Times times;
    int number = 0;
    for (const CellFile& file : *chosen) {
        const auto mask = read_labels(file.mask);
        if (!mask) return fail_with(mask.error());
        const Labels& labels = mask->labels;
        const std::string stem =
            fmt::format("{}/{}_{}x{}", out, number++, labels.height, labels.width);
        measure(labels, stem, times);
    }
    fmt::print(
        "{{\"images\": {}, \"flows\": {}, \"dynamics\": {}, \"overlaps\": {}, \"matching\": {}}}\n",
        number,
        times.flows,
        times.dynamics,
        times.overlaps,
        times.matching
    );
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 4) return run(argv[1], argv[2], argv[3]);
    fmt::print(stderr, "cellseg_bench DATA_FOLDER SPLIT OUT_FOLDER\n");
    return EXIT_FAILURE;
}
