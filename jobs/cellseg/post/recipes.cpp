#include "jobs/cellseg/post/recipes.h"

#include <algorithm>
#include <set>

namespace xorch::cellseg {

namespace {

std::set<std::string> groups_of(const ScoresByRecipe& scores) {
    std::set<std::string> groups;
    for (const auto& [recipe, images] : scores) {
        for (const ImageScore& image : images) {
            groups.insert(image.group);
        }
    }
    return groups;
}

double mean_precision(const std::vector<ImageScore>& images, const std::string& group) {
    double sum = 0.0;
    int count = 0;
    for (const ImageScore& image : images) {
        if (image.group != group) continue;
        sum += average_precision(image.counts);
        ++count;
    }
    return count > 0 ? sum / count : -1.0;  // worse than any that has images
}

}  // namespace

RecipeOfGroup choose_recipes(const ScoresByRecipe& validation) {
    RecipeOfGroup chosen;
    for (const std::string& group : groups_of(validation)) {
        double best = -1.0;
        for (const auto& [recipe, images] : validation) {
            const double precision = mean_precision(images, group);
            if (precision <= best) continue;
            best = precision;
            chosen[group] = recipe;
        }
    }
    return chosen;
}

Result<std::vector<ImageScore>> combine_recipes(
    const ScoresByRecipe& scores, const RecipeOfGroup& recipe_of
) {
    std::vector<ImageScore> combined;
    for (const std::string& group : groups_of(scores)) {
        const auto recipe = recipe_of.find(group);
        if (recipe == recipe_of.end()) {
            return fail(ErrorCode::invalid_input, "no validation image is of the group " + group);
        }
        const std::size_t before = combined.size();
        for (const auto& [name, images] : scores) {
            if (name != recipe->second) continue;
            std::copy_if(
                images.begin(),
                images.end(),
                std::back_inserter(combined),
                [&](const ImageScore& image) { return image.group == group; }
            );
        }
        if (combined.size() > before) continue;
        return fail(
            ErrorCode::invalid_input, "the recipe " + recipe->second + " has no scores of " + group
        );
    }
    return combined;
}

}  // namespace xorch::cellseg
