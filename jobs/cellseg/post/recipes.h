#pragma once

// A hybrid of trained networks: for each group the one that was best on validation images. The
// choice is made from validation scores and nothing else; test scores come in only afterwards, for
// the table.

#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/cellseg/evaluation.h"

namespace xorch::cellseg {

using ScoresByRecipe = std::vector<std::pair<std::string, std::vector<ImageScore>>>;
using RecipeOfGroup = std::map<std::string, std::string>;

// By the mean over images of the average precision; among equals the recipe that comes first.
RecipeOfGroup choose_recipes(const ScoresByRecipe& validation);

// Of each image the score that the recipe of its group has. The error names a group that nothing
// was chosen for, or that the chosen recipe has no scores of.
Result<std::vector<ImageScore>> combine_recipes(
    const ScoresByRecipe& scores, const RecipeOfGroup& recipe_of
);

}  // namespace xorch::cellseg
