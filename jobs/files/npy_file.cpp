#include "jobs/files/npy_file.h"

#include <fmt/core.h>

#include "jobs/files/npy_array.h"

namespace xorch {

namespace {

Raster take_elements(const NpyView& array, NpyNumber read) {
    const std::size_t rows = array.shape[0];
    const std::size_t columns = array.shape[1];
    const std::size_t channels = array.shape.size() == 3 ? array.shape[2] : 1;
    Raster raster{
        .height = static_cast<int>(rows),
        .width = static_cast<int>(columns),
        .channels = static_cast<int>(channels),
        .samples = std::vector<double>(array.count())};
    std::size_t to = 0;
    for (std::size_t y = 0; y < rows; ++y) {
        for (std::size_t x = 0; x < columns; ++x) {
            for (std::size_t channel = 0; channel < channels; ++channel, ++to) {
                const std::size_t from =
                    array.column_order ? (channel * columns + x) * rows + y : to;
                raster.samples[to] = read(array.data.data() + from * array.element_bytes);
            }
        }
    }
    return raster;
}

}  // namespace

Result<Raster> read_npy(std::string_view bytes) {
    const auto array = view_npy(bytes);
    if (!array) return tl::unexpected(array.error());
    const NpyNumber read = npy_number(array->type);
    if (read == nullptr) {
        return fail(ErrorCode::invalid_input, "an NPY array of type " + array->type);
    }
    if (array->shape.size() != 2 && array->shape.size() != 3) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("an NPY array that is no image: it has {} dimensions", array->shape.size())
        );
    }
    auto sized = check_raster_size(static_cast<double>(array->count()), bytes.size());
    if (!sized) return tl::unexpected(sized.error());
    return take_elements(*array, read);
}

}  // namespace xorch
