#pragma once

// How many threads the image library may use: by itself it takes all processors of the machine,
// also those that belong to other units. Of the whole process.

#include <cstdint>

namespace xorch {

void set_image_threads(std::uint32_t threads);

}  // namespace xorch
