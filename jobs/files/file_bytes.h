#pragma once

// Whole files of bounded size. Messages say what is wrong, without the path: who asks adds it.

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/error.h"

namespace xorch {

// Above this no file of a data set is read; it is a mistake, or would take the memory of all.
constexpr std::size_t file_bytes_max = std::size_t{1} << 30;

// Regular files only: a pipe would never end.
Result<std::string> read_bytes(const std::string& path);

// The pieces after one another, in a new file or over an old one.
Result<void> write_bytes(const std::string& path, std::initializer_list<std::string_view> pieces);

}  // namespace xorch
