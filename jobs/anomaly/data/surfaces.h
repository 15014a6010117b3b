#pragma once

// Classes out of real pictures of surfaces: crops, some with a patch that is turned or scaled. What
// is trained on and what is tested on are crops of either half of a picture.

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"

namespace xorch::anomaly {

struct SurfacePictures {
    std::string folder;
    std::vector<std::string> names;  // without their ending; each becomes a class
};

// DIRECTORY/surfaces/NAME in the layout of MVTec AD. A picture has at least 300 x 300 pixels; the
// error names the file.
Result<void> make_surfaces(
    const std::string& directory, std::uint64_t seed, const SurfacePictures& pictures
);

}  // namespace xorch::anomaly
