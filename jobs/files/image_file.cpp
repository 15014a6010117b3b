#include "jobs/files/image_file.h"

#include <fmt/core.h>

#include <cmath>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "jobs/files/file_bytes.h"
#include "jobs/files/jpeg_file.h"
#include "jobs/files/npy_file.h"
#include "jobs/files/png_file.h"
#include "jobs/files/tiff_file.h"

namespace xorch {

namespace {

using namespace std::string_view_literals;

bool is_tiff(std::string_view bytes) {
    // Little or big endian, classic or with 64-bit offsets.
    for (const std::string_view magic : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {
        if (bytes.substr(0, 4) == magic) return true;
    }
    return false;
}

Result<Raster> read_any(const std::string& path) {
    const auto bytes = read_bytes(path);
    if (!bytes) return tl::unexpected(bytes.error());
    if (bytes->empty()) return fail(ErrorCode::corrupted, "an empty file");
    if (is_tiff(*bytes)) return read_tiff(path);
    if (bytes->substr(0, 6) == "\x93NUMPY") return read_npy(*bytes);
    if (bytes->substr(0, 8) == "\x89PNG\r\n\x1a\n") return read_png(*bytes);
    if (bytes->substr(0, 3) == "\xff\xd8\xff") return read_jpeg(*bytes);
    return fail(ErrorCode::invalid_input, "neither PNG, JPEG, TIFF nor NPY");
}

Result<Labels> number_cells(const Raster& raster) {
    Labels labels(raster.height, raster.width);
    std::unordered_map<std::int64_t, int> number;
    for (std::size_t i = 0; i < raster.samples.size(); ++i) {
        const double sample = raster.samples[i];
        if (sample == 0.0) continue;
        // Above 2^53 doubles leave out whole numbers, and two cells could become one.
        if (!(sample > 0.0) || sample > 9e15 || sample != std::floor(sample)) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("a mask with the label {}: labels are whole numbers from 0", sample)
            );
        }
        const auto next = static_cast<int>(number.size()) + 1;
        labels.values[i] =
            number.try_emplace(static_cast<std::int64_t>(sample), next).first->second;
    }
    return labels;
}

}  // namespace

Result<Raster> read_raster(const std::string& path) {
    auto raster = read_any(path);
    if (!raster) return fail_with_context(raster.error(), path);
    return raster;
}

Result<std::vector<Plane>> read_image(const std::string& path) {
    const auto raster = read_raster(path);
    if (!raster) return tl::unexpected(raster.error());
    std::vector<Plane> planes;
    for (int channel = 0; channel < raster->channels; ++channel) {
        Plane& plane = planes.emplace_back(raster->height, raster->width);
        for (std::size_t i = 0; i < plane.values.size(); ++i) {
            const std::size_t sample =
                i * static_cast<std::size_t>(raster->channels) + static_cast<std::size_t>(channel);
            plane.values[i] = static_cast<float>(raster->samples[sample]);
            if (!std::isfinite(plane.values[i])) {
                return fail(ErrorCode::invalid_input, path + ": an image with NaN or infinity");
            }
        }
    }
    return planes;
}

Result<LabelImage> read_labels(const std::string& path) {
    const auto raster = read_raster(path);
    if (!raster) return tl::unexpected(raster.error());
    if (raster->channels != 1) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("{}: a mask with {} channels, one is expected", path, raster->channels)
        );
    }
    auto labels = number_cells(*raster);
    if (!labels) return fail_with_context(labels.error(), path);
    int cells = 0;
    for (const int label : labels->values) {
        cells = std::max(cells, label);
    }
    return LabelImage{.labels = std::move(*labels), .cell_count = cells};
}

}  // namespace xorch
