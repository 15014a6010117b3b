#include "jobs/heatmap/unit_rules.h"

namespace xorch::heatmap {

namespace {

constexpr std::string_view recipes_own = "recipe";

// The rules of the first version: everything that the second one changed.
BoxRules first_version() {
    BoxRules rules;
    rules.is_scaled = true;
    rules.includes_equal = false;
    rules.regions = {
        .kernel = Kernel::square3,
        .regions = Regions::contours,
        .least_side = 6,  // "more than 5"
        .falls_back = true};
    return rules;
}

void say_otherwise(const Parameters& params, const char* name, const char* yes, bool& rule) {
    const std::string& value = params.text(name);
    if (value != recipes_own) rule = value == yes;
}

}  // namespace

Surgery surgery_of(const Parameters& params) {
    const std::string& name = params.text("surgery");
    if (name == "patch_mean") return Surgery::patch_mean;
    return name == "class_redundancy" ? Surgery::class_redundancy : Surgery::none;
}

SimilarityRules similarity_rules(const Parameters& params) {
    return {
        .surgery = surgery_of(params),
        .is_applied = params.text("surgery_applied") == "yes",
        .is_cosine = params.text("similarity") == "cosine"};
}

BoxRules box_rules(const Parameters& params) {
    const std::string& recipe = params.text("recipe");
    BoxRules rules = recipe == "v1_normalized" ? first_version() : BoxRules{};
    rules.takes_top = recipe == "v2_topk";
    rules.is_full_box = recipe == "fullbox";
    rules.percent = static_cast<int>(params.integer("threshold"));
    rules.is_inverted = params.flag("inverted");
    say_otherwise(params, "scaled", "yes", rules.is_scaled);
    say_otherwise(params, "at_threshold", "in", rules.includes_equal);
    say_otherwise(params, "fallback", "yes", rules.regions.falls_back);
    bool is_square = rules.regions.kernel == Kernel::square3;
    say_otherwise(params, "kernel", "square3", is_square);
    rules.regions.kernel = is_square ? Kernel::square3 : Kernel::ellipse5;
    bool has_contours = rules.regions.regions == Regions::contours;
    say_otherwise(params, "regions", "contours", has_contours);
    rules.regions.regions = has_contours ? Regions::contours : Regions::components;
    if (const auto side = params.integer("least_side"); side > 0) {
        rules.regions.least_side = static_cast<int>(side);
    }
    return rules;
}

Object describe(const BoxRules& rules) {
    return {
        {"fullbox",        rules.is_full_box                         },
        {"topk",           rules.takes_top                           },
        {"scaled",         rules.is_scaled                           },
        {"includes_equal", rules.includes_equal                      },
        {"threshold",      rules.percent                             },
        {"inverted",       rules.is_inverted                         },
        {"square_kernel",  rules.regions.kernel == Kernel::square3   },
        {"contours",       rules.regions.regions == Regions::contours},
        {"least_side",     rules.regions.least_side                  },
        {"fallback",       rules.regions.falls_back                  },
    };
}

Matching matching_of(const Parameters& params) {
    return params.text("matching") == "pooled" ? Matching::pooled : Matching::per_image;
}

}  // namespace xorch::heatmap
