#pragma once

// JPEG through OpenCV: grey or colour, baseline or progressive, 8 bits. What it decodes to is the
// same for the same library.

#include <string>

#include "core/error.h"
#include "jobs/files/picture.h"
#include "jobs/files/raster.h"

namespace xorch {

// From the bytes of a file, always as red, green and blue; a note in the file that the camera was
// turned is ignored, as boxes of annotators refer to the stored pixels. Messages say what is wrong,
// without the path.
Result<Raster> read_jpeg(const std::string& bytes);

// Quality 95: what data sets of photographs are usually published with.
Result<void> write_jpeg(const std::string& path, const Picture& picture);

}  // namespace xorch
