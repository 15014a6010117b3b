#pragma once

// Parameters and checks that several jobs of the family declare in the same words. Free of
// LibTorch.

#include <vector>

#include "core/job.h"

namespace xorch::cellseg {

using Declarations = std::vector<ParameterDeclaration>;

ParameterDeclaration recipe();
ParameterDeclaration seed_of_training();
ParameterDeclaration trained_model();
ParameterDeclaration empty_masks();
ParameterDeclaration cells_to_train_on();
ParameterDeclaration split_to_evaluate(const char* value);
ParameterDeclaration images_in_the_picture(int few = 1);
Declarations image_parameters();
ParameterDeclaration tile_side();
Declarations mask_parameters();
std::vector<ShapeDeclaration> model_shapes();

// A record with the mean over images also has the average precision over all instances.
Check both_averages();

}  // namespace xorch::cellseg
