#pragma once

// What the parameters of a unit say, read once for all jobs of the family.

#include <string>

#include "jobs/heatmap/detect/average_precision.h"
#include "jobs/heatmap/detect/region_boxes.h"
#include "jobs/heatmap/maps/similarity.h"
#include "jobs/parameters.h"

namespace xorch::heatmap {

Surgery surgery_of(const Parameters& params);

// Of surgery, surgery_applied and similarity.
SimilarityRules similarity_rules(const Parameters& params);

// How boxes come out of a map. A recipe is one of two versions of a script, or a control; each of
// its rules can be said otherwise.
struct BoxRules {
    bool is_full_box = false;    // the control: one box around the whole image
    bool takes_top = false;      // the greatest values by number, not by percentile
    bool is_scaled = false;      // the map from 0 to 1 before the threshold
    bool includes_equal = true;  // of the threshold
    int percent = 75;            // the threshold lies above so much of the image
    bool is_inverted = false;
    RegionRules regions{};
};

BoxRules box_rules(const Parameters& params);

// Name and value of each rule by which two runs can differ, as text: an audit counts them.
Object describe(const BoxRules& rules);

Matching matching_of(const Parameters& params);

}  // namespace xorch::heatmap
