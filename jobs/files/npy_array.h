#pragma once

// NumPy's array file, versions 1 to 3, little-endian or bytes: any number of dimensions, in the
// memory of whoever read the file. Format: numpy.lib.format. Messages say what is wrong, without
// the path.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch {

// Valid while the file's bytes are. `data` has as many bytes as type and shape say.
struct NpyView {
    std::string type;  // "<f4", "|u1", "<U3"
    std::size_t element_bytes = 0;
    std::vector<std::size_t> shape;
    bool column_order = false;
    std::string_view data;

    std::size_t count() const { return element_bytes == 0 ? 0 : data.size() / element_bytes; }
};

Result<NpyView> view_npy(std::string_view bytes);

// One element of a numeric type as a double; nullptr for any other type.
using NpyNumber = double (*)(const char* element);
NpyNumber npy_number(std::string_view type);

// All elements of an array of one dimension.
Result<std::vector<double>> npy_numbers(const NpyView& array);
// The same of texts (types S and U); numbers are written in decimal.
Result<std::vector<std::string>> npy_texts(const NpyView& array);

// What stands before the elements, in row order, of a version 1 file.
std::string npy_header(std::string_view type, const std::vector<std::size_t>& shape);

}  // namespace xorch
