#include "jobs/heatmap/declare.h"

#include <iterator>
#include <utility>

#include "jobs/parameter_declarations.h"

namespace xorch {

namespace {

using Declarations = std::vector<ParameterDeclaration>;

Declarations operator+(Declarations first, Declarations second) {
    std::move(second.begin(), second.end(), std::back_inserter(first));
    return first;
}

ParameterDeclaration chosen_surgery() {
    return choice_parameter(
        "surgery",
        {"none", "patch_mean", "class_redundancy"},
        "what patches have in common is taken out: their mean, or what texts share"
    );
}

Declarations similarity_parameters() {
    return {
        chosen_surgery(),
        choice_parameter(
            "surgery_applied",
            {"yes", "never"},
            "never: surgery is named and left out, as a wrapper of the study did"
        ),
        choice_parameter(
            "similarity", {"cosine", "dot"}, "dot: patches are not normalised after surgery"
        ),
    };
}

ParameterDeclaration sample_count(int value) {
    return integer_parameter("samples", value, {0, 1e6}, "first images and classes; 0 = all");
}

JobDeclaration declare(std::string name, std::string source, std::string doc) {
    JobDeclaration job;
    job.name = std::move(name);
    job.source = "jobs/heatmap/" + std::move(source);
    job.doc = std::move(doc);
    job.needs_runner = true;
    return job;
}

JobDeclaration declare_synthetic() {
    JobDeclaration job = declare(
        "heatmap.synthetic",
        "synthetic_set.cpp",
        "Makes images with boxes in the layout of DIOR, for sweeps that need no data."
    );
    job.parameters = {
        integer_parameter("seed", 0, {0, 2147483647}, "of all images"),
        integer_parameter(
            "object_classes", 3, {0, 8}, "of eight: those known by their thing, not by its ground"
        ),
    };
    job.columns = {
        {"train", "images to take texts from"},
        {"val",   "images"                   },
        {"test",  "images to judge by"       },
    };
    return job;
}

JobDeclaration declare_features() {
    JobDeclaration job = declare(
        "heatmap.features", "features.cpp", "Asks an encoder once for the tokens of every image."
    );
    job.parameters = {
        path_parameter("data", "folder in a layout of DIOR; empty = what an input left in dior/"),
        path_parameter("model", "TorchScript file; empty = the native encoder"),
        path_parameter("text_features", "CSV of a class and its text's numbers per row"),
        path_parameter("text_model", "TorchScript file for the texts, asked with text_tokens"),
        path_parameter("text_tokens", "CSV of a class and its 77 tokens per row"),
        text_parameter("split", "test", "images that are kept"),
        text_parameter("text_split", "train", "images that texts come from if no file says them"),
        number_parameter(
            "text_share", 0.2, {0, 100}, "part of what all such texts have in common [chosen]"
        ),
        number_parameter(
            "anisotropy", 3, {0, 100}, "of the native encoder: what all tokens have in common"
        ),
        number_parameter(
            "context", 0.1, {0, 0.99}, "of the native encoder: the image's part in each patch"
        ),
        integer_parameter("pictures", 10, {0, 10000}, "first images that are kept to draw on"),
    };
    job.columns = {
        {"images",         "of the split"                                          },
        {"classes",        "with a text"                                           },
        {"texts",          "where they come from"                                  },
        {"text_images",    "that they come from"                                   },
        {"image_accuracy", "share of images whose likeliest class is one of theirs"},
        {"model_hash",     "of the encoder"                                        },
        {"features_hash",  "of all that was kept"                                  },
        column_of_checks(),
    };
    job.shapes = {
        {"input",       "f32[N,3,224,224]", "normalised as CLIP's images are"                          },
        {"output",      "f32[N,1+P,D]",     "the image's token, then P = g x g patches; not normalised"},
        {"text input",  "i64[M,77]",        "tokens of text_tokens"                                    },
        {"text output", "f32[M,D]",         "or a CSV, text_features"                                  },
    };
    job.checks = {{.name = "LEAKAGE"}};
    return job;
}

JobDeclaration declare_grid() {
    JobDeclaration job = declare(
        "heatmap.grid", "grid.cpp", "Shows the similarity of each patch and which of them are kept."
    );
    job.parameters = similarity_parameters() + Declarations{sample_count(5)};
    job.columns = {
        {"samples",        "images and classes"                          },
        {"gap_samples",    "of them with patches in and outside of boxes"},
        {"avg_gap",        "mean similarity inside minus outside"        },
        {"share_negative", "samples where the outside is more alike"     },
    };
    return job;
}

JobDeclaration declare_surgery() {
    JobDeclaration job =
        declare("heatmap.surgery", "surgery_impact.cpp", "Compares gaps before and after surgery.");
    job.parameters = similarity_parameters() + Declarations{sample_count(5)};
    job.columns = {
        {"avg_gap_before",        "mean similarity inside minus outside"    },
        {"avg_gap_after",         "after surgery"                           },
        {"avg_gap_change",        "their difference"                        },
        {"gap_change_per_cent",   "of the size of the gap before"           },
        {"baseline_zero",         "there is no such change"                 },
        {"share_negative_before", "samples where the outside was more alike"},
        {"reversed_count",        "samples with a gap above 0, then below"  },
        {"total_samples",         "with patches in and outside of boxes"    },
        column_of_checks(),
    };
    job.checks = {{.name = "ZERO_BASELINE"}};
    return job;
}

JobDeclaration declare_invert() {
    JobDeclaration job = declare(
        "heatmap.invert", "inversion.cpp", "Draws maps: raw, after surgery, and turned over."
    );
    job.parameters = similarity_parameters() + Declarations{sample_count(3)};
    job.columns = {
        {"pictures", "comparison_000.png and so on"},
    };
    return job;
}

JobDeclaration declare_maps() {
    JobDeclaration job = declare(
        "heatmap.maps", "maps.cpp", "Makes the map of every image and class, and all thresholds."
    );
    job.parameters = similarity_parameters();
    job.columns = {
        {"samples",        "images and classes"                          },
        {"gap_samples",    "of them with patches in and outside of boxes"},
        {"similarity_min", "least of all patches"                        },
        {"similarity_max", "greatest of all patches"                     },
        {"avg_gap",        "mean similarity inside minus outside"        },
        {"share_negative", "samples where the outside is more alike"     },
        {"feature_hash",   "of what the similarities were computed from" },
        {"maps_hash",      "of the file"                                 },
        column_of_checks(),
    };
    job.checks = {
        {.name = "ABLATION_NOOP", .axis = "surgery"}
    };
    return job;
}

Declarations box_parameters() {
    return {
        chosen_surgery(),
        choice_parameter(
            "recipe",
            {"v2_raw_percentile", "v1_normalized", "v2_topk", "fullbox"},
            "two versions of a script, the greatest values by number, a box around everything"
        ),
        integer_parameter("threshold", 75, {0, 100}, "per cent of the image below it"),
        flag_parameter("inverted", "the map turned over: what is least alike is kept"),
        choice_parameter("scaled", {"recipe", "yes", "no"}, "maps from 0 to 1 first"),
        choice_parameter(
            "at_threshold", {"recipe", "in", "out"}, "pixels that equal the threshold"
        ),
        choice_parameter(
            "kernel", {"recipe", "square3", "ellipse5"}, "that closes and opens the mask"
        ),
        choice_parameter(
            "regions", {"recipe", "components", "contours"}, "what boxes are drawn around"
        ),
        integer_parameter("least_side", 0, {0, 224}, "of a box, pixels; 0 = the recipe's"),
        choice_parameter(
            "fallback", {"recipe", "yes", "no"}, "no box left: one around the whole mask"
        ),
        choice_parameter(
            "matching",
            {"per_image", "pooled"},
            "pooled: a box may find what is in another image, as an old script did"
        ),
        integer_parameter("pictures", 0, {0, 10000}, "first samples that are drawn"),
    };
}

JobDeclaration declare_boxes() {
    JobDeclaration job = declare(
        "heatmap.boxes", "boxes.cpp", "Draws boxes around what a threshold leaves, and judges them."
    );
    job.parameters = box_parameters();
    job.columns = {
        {"mAP_005",           "mean over classes of the average precision, overlap 0.05"},
        {"mAP_010",           "overlap 0.10"                                            },
        {"mAP_020",           "overlap 0.20"                                            },
        {"mAP_050",           "overlap 0.50"                                            },
        {"fullbox_mAP_005",   "of one box around each whole image"                      },
        {"fullbox_mAP_010",   "likewise"                                                },
        {"fullbox_mAP_020",   "likewise"                                                },
        {"fullbox_mAP_050",   "likewise"                                                },
        {"boxes",             "in all images"                                           },
        {"box_area_fraction", "mean area of a box, in images"                           },
        {"feature_hash",      "of what the maps were computed from"                     },
        {"box_hash",          "of all boxes"                                            },
        column_of_checks(),
    };
    job.checks = {
        {.name = "ABLATION_NOOP", .axis = "surgery"},
        {.name = "ABLATION_NOOP",                       .axis = "threshold", .column = "box_hash"},
        {.name = "ABLATION_NOOP",.axis = "inverted", .column = "box_hash"},
        {.name = "CONTROL_WINS"                      },
        {.name = "POOLED_MATCHING"                       },
    };
    return job;
}

JobDeclaration declare_compare() {
    JobDeclaration job =
        declare("heatmap.compare", "compare.cpp", "Puts results of heatmap.boxes side by side.");
    job.parameters = {
        text_parameter("file", "comparison.json", "name of the file that is written"),
        text_parameter(
            "baseline", "", "stage whose first unit the others are compared with; empty = the first"
        ),
    };
    job.columns = {
        {"rows",            "results that were compared"                    },
        {"baseline_label",  "what they were compared with"                  },
        {"recall_first",    "best mAP_005, then mAP_050; no control"        },
        {"precision_first", "best mAP_050, then mAP_005; no control"        },
        {"same_boxes",      "pairs that differ in one setting and in no box"},
        column_of_checks(),
    };
    job.checks = {{.name = "CONFOUNDED"}, {.name = "CONTROL_WINS"}, {.name = "ZERO_BASELINE"}};
    return job;
}

}  // namespace

std::vector<JobDeclaration> declare_heatmap() {
    return {
        declare_synthetic(),
        declare_features(),
        declare_grid(),
        declare_surgery(),
        declare_invert(),
        declare_maps(),
        declare_boxes(),
        declare_compare()};
}

}  // namespace xorch
