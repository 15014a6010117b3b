#pragma once

// ZIP files for tests, as numpy.savez and numpy.savez_compressed make them.

#include <string>
#include <string_view>
#include <vector>

namespace xorch {

struct ZipEntry {
    std::string name;
    std::string bytes;
    bool deflated = false;
};

std::string make_zip(const std::vector<ZipEntry>& entries);

}  // namespace xorch
