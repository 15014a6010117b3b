#pragma once

// What the parameters of a unit say about images and masks, read once for all jobs of the family.

#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/cellseg/data/cell_image.h"
#include "jobs/cellseg/flows/masks.h"
#include "jobs/job.h"

namespace xorch::cellseg {

// The parameter `data`, or the images that an input of stage "prepare" left.
Result<std::string> data_folder(const NativeUnit& unit);

ImageSettings image_settings(const Parameters& params);
MaskSettings mask_settings(const Parameters& params);

// invalid_input if the value of the parameter is no multiple.
Result<void> check_multiple(const Parameters& params, const std::string& name, int of);

}  // namespace xorch::cellseg
