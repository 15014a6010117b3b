// cellseg.prepare: every image and mask is read and checked once, and written in the prepared
// layout: 16-bit PNG of three channels and 32-bit label TIFF. One record per split and group. It
// saves no checkpoints: 120 images take less than ten seconds, and what an attempt has written so
// far is not there for the next one.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "core/check.h"
#include "jobs/cellseg/checks.h"
#include "jobs/cellseg/data/cell_image.h"
#include "jobs/cellseg/flows/labels.h"
#include "jobs/cellseg/jobs.h"
#include "jobs/files/image_file.h"
#include "jobs/files/png_file.h"
#include "jobs/files/tiff_file.h"

namespace xorch {

namespace cellseg {

namespace {

constexpr double sample_max = 65535.0;  // of a 16-bit PNG

struct GroupTally {
    std::int64_t images = 0;
    std::int64_t cells = 0;
    std::int64_t too_few = 0;
    bool without_background = false;  // a mask of one of them
    std::vector<double> diameters;    // of images with cells
};

using Tallies = std::map<std::pair<std::string, std::string>, GroupTally>;  // {split, group}

double median(std::vector<double> values) {
    if (values.empty()) return 0.0;
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    if (values.size() % 2 == 1) return values[middle];
    return (values[middle - 1] + values[middle]) / 2.0;
}

// DAPI and marker of two files, or the channels of one, padded with empty ones.
Result<Raster> prepared_raster(const CellFile& file) {
    const auto image = read_raster(file.image);
    if (!image) return image;
    std::optional<Raster> marker;
    if (!file.marker.empty()) {
        auto read = read_raster(file.marker);
        if (!read) return read;
        marker = std::move(*read);
    }
    Raster raster{.height = image->height, .width = image->width, .channels = 3, .samples = {}};
    raster.samples.resize(3U * image->samples.size() / static_cast<std::size_t>(image->channels));
    const int channels = marker ? 1 : std::min(3, image->channels);
    std::size_t to = 0;
    for (int y = 0; y < raster.height; ++y) {
        for (int x = 0; x < raster.width; ++x, to += 3) {
            for (int channel = 0; channel < channels; ++channel) {
                raster.samples[to + static_cast<std::size_t>(channel)] = image->at(y, x, channel);
            }
            if (marker) raster.samples[to + 1] = marker->at(y, x, 0);
        }
    }
    const auto fits = [](double sample) {
        return sample >= 0.0 && sample <= sample_max && sample == std::floor(sample);
    };
    if (std::all_of(raster.samples.begin(), raster.samples.end(), fits)) return raster;
    return fail(
        ErrorCode::invalid_input, file.image + ": samples are not whole numbers of up to 16 bits"
    );
}

Result<void> prepare_image(NativeUnit& unit, const CellFile& file, Tallies& tallies) {
    // The same checks as before training; brightness is left as it is.
    const auto checked = load_cell_image(file, {.allow_empty = unit.params().flag("allow_empty")});
    if (!checked) return tl::unexpected(checked.error());
    const auto raster = prepared_raster(file);
    if (!raster) return tl::unexpected(raster.error());
    const std::string stem = fmt::format("cells/{}_cells/{}", file.split, file.name);
    const auto image = unit.artifact(stem + ".png");
    if (!image) return tl::unexpected(image.error());
    if (auto written = write_png16(*image, *raster); !written) return written;
    const auto mask = unit.artifact(stem + "_mask.tif");
    if (!mask) return tl::unexpected(mask.error());
    if (auto written = write_label_tiff(*mask, checked->labels); !written) return written;
    GroupTally& tally = tallies[{file.split, file.group}];
    ++tally.images;
    tally.cells += checked->cell_count;
    const auto& labels = checked->labels.values;
    if (std::find(labels.begin(), labels.end(), 0) == labels.end()) tally.without_background = true;
    if (checked->cell_count < unit.params().integer("min_train_masks")) ++tally.too_few;
    if (checked->cell_count > 0) tally.diameters.push_back(median_diameter(checked->labels));
    return {};
}

// The prepared layout knows three splits; an image of another one would be lost.
Result<void> check_splits(const std::vector<CellFile>& files) {
    for (const CellFile& file : files) {
        if (file.split == "train" || file.split == "val" || file.split == "test") continue;
        return fail(
            ErrorCode::invalid_input,
            fmt::format("{}: of split \"{}\", not train, val or test", file.image, file.split)
        );
    }
    return {};
}

}  // namespace

}  // namespace cellseg

Result<JobEnd> run_cellseg_prepare(NativeUnit& unit) {
    using namespace cellseg;
    const auto files = list_cells(unit.params().text("data"));
    if (!files) return tl::unexpected(files.error());
    if (auto ok = check_splits(*files); !ok) return tl::unexpected(ok.error());
    Tallies tallies;
    std::int64_t done = 0;
    for (const CellFile& file : *files) {
        const auto prepared = prepare_image(unit, file, tallies);
        if (!prepared) return tl::unexpected(prepared.error());
        unit.progress(++done, static_cast<std::int64_t>(files->size()));
    }
    for (const auto& [key, tally] : tallies) {
        std::vector<std::string_view> checks;
        if (tally.without_background) checks.push_back(check_no_background);
        const auto reported = unit.report({
            {"split",                    key.first                   },
            {"group",                    key.second                  },
            {"images",                   tally.images                },
            {"cells",                    tally.cells                 },
            {"median_diameter",          median(tally.diameters)     },
            {"below_min_train_masks",    tally.too_few               },
            {std::string(checks_column), reported_checks_cell(checks)},
        });
        if (!reported) return tl::unexpected(reported.error());
    }
    return JobEnd::done;
}

}  // namespace xorch
