#pragma once

// What the parameters and inputs of a unit say about images, masks and models, read once for all
// jobs of the family.

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/cellseg/data/cell_image.h"
#include "jobs/cellseg/flows/masks.h"
#include "jobs/job.h"

namespace xorch::cellseg {

// The parameter `data`, or the images that an input left.
Result<std::string> data_folder(const NativeUnit& unit);

// Where a trained network is, as inputs leave it.
inline constexpr const char* model_folder = "model";

struct ModelPlace {
    std::string path;
    std::string shown;  // as a record names it: never absolute
};

// The parameter `model`, or the network that an input left; nothing = there is none.
Result<std::optional<ModelPlace>> find_model(const NativeUnit& unit);

// The same where there must be one.
Result<ModelPlace> require_model(const NativeUnit& unit);

// The images of the split `eval_split`.
Result<std::vector<CellImage>> load_eval_images(const NativeUnit& unit);

ImageSettings image_settings(const Parameters& params);
MaskSettings mask_settings(const Parameters& params);

// invalid_input if the value of the parameter is no multiple.
Result<void> check_multiple(const Parameters& params, const std::string& name, int of);

}  // namespace xorch::cellseg
