#pragma once

// How alike each patch of an image and the text of a class are, with or without "surgery": ways to
// take out of the patches what they have in common. Pure.
//
// Of the published surgery this has both forms that work on features. The third, recomputing the
// attention of the last blocks with queries and keys replaced by values, changes the network
// itself: a TorchScript module may do it, and then its tokens come out of the cache like any
// others.

#include <cstdint>
#include <vector>

#include "core/error.h"
#include "jobs/files/grid.h"
#include "jobs/heatmap/maps/tokens.h"

namespace xorch::heatmap {

enum class Surgery {
    none,
    patch_mean,        // patches lose their mean over the image
    class_redundancy,  // products of patch and text lose their weighted mean over the classes
};

struct SimilarityRules {
    Surgery surgery = Surgery::none;
    // False: what the surgery should have done is left out, as a wrapper once did in silence.
    bool is_applied = true;
    // False: patches keep their length, so that taking a mean out shifts every similarity by the
    // same amount and changes no ordering. True is the cosine. Not asked by class_redundancy, which
    // normalises first.
    bool is_cosine = true;
};

using PatchMap = Grid<double>;

struct Similarity {
    PatchMap map;                  // one number per patch
    std::vector<double> features;  // [patch][width]: what the numbers were computed from
};

// `place` is that of the class among those of the texts, which are as wide as the tokens.
Similarity compare_patches(
    const Tokens& tokens, const TextFeatures& texts, std::size_t place, const SimilarityRules& rules
);

// The similarity of the whole image to each text: what such a model is asked for first.
std::vector<double> compare_image(const Tokens& tokens, const TextFeatures& texts);

}  // namespace xorch::heatmap
