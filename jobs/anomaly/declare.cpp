#include "jobs/anomaly/declare.h"

#include <utility>

#include "core/check.h"
#include "jobs/parameter_declarations.h"

namespace xorch {

namespace {

ParameterDeclaration required_text(std::string name, std::string doc) {
    ParameterDeclaration parameter = text_parameter(std::move(name), "", std::move(doc));
    parameter.default_value.reset();
    return parameter;
}

ParameterDeclaration image_seed(std::string doc) {
    return integer_parameter("seed", 0, {0, 2147483647}, std::move(doc));
}

std::vector<ParameterDeclaration> class_parameters() {
    return {
        text_parameter("dataset", "", "folder of the class's data set; empty = the data itself"),
        required_text("class_name", "folder of the class"),
        integer_parameter("k_shot", 1, {1, 1000}, "normal images that the class is known by"),
        image_seed("of their choice"),
    };
}

ColumnDeclaration reported_checks() {
    return {
        std::string(checks_column), "names of what makes the numbers say less than they seem to"};
}

JobDeclaration declare_synthetic() {
    JobDeclaration job;
    job.name = "anomaly.synthetic";
    job.doc = "Makes images of the 27 classes of MVTec AD and VisA, for sweeps that need no data.";
    job.source = "jobs/anomaly/synthetic_set.cpp";
    job.needs_runner = true;
    job.parameters = {
        image_seed("of all images"),
        path_parameter(
            "pictures",
            "folder of real pictures of surfaces: crops with planted defects; empty = all is made"
        ),
        text_parameter("surfaces", "brick,grass,gravel", "names of such pictures, without ending"),
    };
    job.columns = {
        {"classes", "in both layouts"           },
        {"images",  "of them, without the masks"},
    };
    return job;
}

JobDeclaration declare_train() {
    JobDeclaration job;
    job.name = "anomaly.train";
    job.doc =
        "Trains the small encoder on made parts of classes that nobody is tested on; the last step "
        "counts.";
    job.source = "jobs/anomaly/train.cpp";
    job.needs_runner = true;
    job.parameters = {
        image_seed("of images and weights"),
        integer_parameter("steps", 200, {1, 1000000}, "of the optimizer"),
        integer_parameter("batch", 16, {1, 1024}, "made images of a step, half of them abnormal"),
        number_parameter("lr", 3e-3, {0, 1}, "learning rate of Adam"),
        number_parameter("scale", 100, {1, 1000}, "of likenesses to texts before the softmax"),
        integer_parameter("held_out", 64, {2, 10000}, "further made images to measure it on"),
    };
    job.columns = {
        {"train_loss",  "mean of the last tenth of the steps"        },
        {"image_auroc", "held-out auxiliary images, points"          },
        {"patch_auroc", "their patches without doubtful ones, points"},
    };
    return job;
}

JobDeclaration declare_infer() {
    JobDeclaration job;
    job.name = "anomaly.infer";
    job.doc =
        "Asks an encoder once about every test image of a class, and leaves the maps of both "
        "branches for units that fuse and judge them.";
    job.source = "jobs/anomaly/infer.cpp";
    job.needs_runner = true;
    job.parameters = class_parameters();
    for (ParameterDeclaration& parameter : std::vector<ParameterDeclaration>{
             path_parameter(
                 "data", "folder of the data sets; empty = what an input left in anomaly/"
             ),
             path_parameter(
                 "encoder",
                 "folder of an encoder, or TorchScript file; empty = what an input left in encoder/"
             ),
             path_parameter(
                 "texts",
                 "for a TorchScript encoder: its texts, f32[2,D] as NPY or saved tensor, or a "
                 "folder "
                 "of such files by class"
             ),
             path_parameter(
                 "shots",
                 "selected_samples_per_run.txt, or a folder with one per class; empty = drawn by "
                 "seed"
             ),
             choice_parameter("channels", {"rgb", "bgr"}, "order in which all images are shown"),
             integer_parameter(
                 "first_side", 0, {0, 8192}, "pixels that images are brought to first; 0 = not"
             ),
             integer_parameter(
                 "resolution", 256, {16, 2048}, "at which pixels are judged (published: 400)"
             ),
             number_parameter(
                 "logit_scale",
                 4.60517,
                 {1e-3, 1000},
                 "of likenesses to texts (published: not exponentiated; 100 if it were)"
             ),
             integer_parameter("panels", 2, {0, 100}, "abnormal images in the picture of maps"),
         }) {
        job.parameters.push_back(std::move(parameter));
    }
    job.columns = {
        {"layout",        "of the class on disk: mvtec, visa or raw"        },
        {"family",        "texture or object, of the public classes"        },
        {"support",       "names of the normal images it was known by"      },
        {"test_n",        "test images"                                     },
        {"abnormal_n",    "of them"                                         },
        {"grid_side",     "patches in a row of an image"                    },
        {"mean_semantic", "over all patches"                                },
        {"mean_memory",   "over all patches"                                },
        {"mean_margin",   "how much farther the second nearest normal patch"},
        {"channels_seen", "order of the channels, of all images"            },
        {"manifest_hash", "of all images and masks that were read"          },
        {"encoder_hash",  "of the encoder's files and texts"                },
        {"maps_hash",     "of maps/, which later units demand"              },
    };
    job.shapes = {
        {"input",   "f32[N,3,240,240]", "normalised as CLIP's images"                         },
        {"global",  "f32[N,D]",         "the first of a tuple of four: of the whole image"    },
        {"patches", "f32[N,P,D]",       "in the space of the texts; P is a square number"     },
        {"level 1", "f32[N,P,W]",       "features for the memory, of an early block"          },
        {"level 2", "f32[N,P,W]",       "likewise, of a late block"                           },
        {"texts",   "f32[2,D]",         "not of the module: the parameter texts, of the class"},
    };
    return job;
}

std::vector<ParameterDeclaration> scoring_parameters(const char* task) {
    std::vector<ParameterDeclaration> parameters = class_parameters();
    for (ParameterDeclaration& parameter : std::vector<ParameterDeclaration>{
             choice_parameter("task", {task}, "name of the job in tables of several"),
             text_parameter("family", "", "texture or object, for tables; changes nothing"),
             path_parameter(
                 "maps", "folder of maps; empty = what an input left in maps/, found by its hash"
             ),
             choice_parameter(
                 "score_mode",
                 {"max", "semantic", "memory", "harmonic", "oracle"},
                 "how the two branches become one score"
             ),
             choice_parameter(
                 "calib",
                 {"none", "zscore", "rank"},
                 "how the branches come to one scale first, over the whole class"
             ),
         }) {
        parameters.push_back(std::move(parameter));
    }
    return parameters;
}

// Of both tasks.
std::vector<ColumnDeclaration> branch_columns() {
    return {
        {"semantic_auroc",         "of the semantic branch alone, points"                      },
        {"memory_auroc",           "of the memory branch alone, points"                        },
        {"gap",                    "between the two, points, never negative"                   },
        {"gain_over_best",         "of this mode over the better of the two, points"           },
        {"weak_branch",            "the lesser of the two; empty where they are equal"         },
        {"oracle_semantic_ratio",  "share of places at which the oracle takes the semantic one"},
        {"oracle_memory_ratio",    "share at which it takes the memory one"                    },
        {"frac_semantic_selected", "share of places at which the semantic score is the greater"},
        {"branch_source",          "computed: from the maps of both branches"                  },
        {"score_hash",             "of all scores of this mode"                                },
        {"metadata_path",          "stage, unit and folder of the maps"                        },
        reported_checks(),
    };
}

void append_columns(JobDeclaration& job, std::vector<ColumnDeclaration> columns) {
    for (ColumnDeclaration& column : columns) {
        job.columns.push_back(std::move(column));
    }
}

JobDeclaration declare_cls() {
    JobDeclaration job;
    job.name = "anomaly.cls";
    job.doc = "Judges the images of a class by kept maps, in every mode at once.";
    job.source = "jobs/anomaly/score.cpp";
    job.needs_runner = true;
    job.parameters = scoring_parameters("cls");
    job.parameters.push_back(choice_parameter(
        "memory_cls_reduce",
        {"patch", "map"},
        "an image's memory score: its greatest patch, or pixel of the enlarged map"
    ));
    job.columns = {
        {"i_roc",          "of score_mode, points"                           },
        {"i_roc_semantic", "area under the ROC curve over all images, points"},
        {"i_roc_memory",   "likewise"                                        },
        {"i_roc_max",      "likewise"                                        },
        {"i_roc_harmonic", "likewise"                                        },
        {"i_roc_oracle",   "likewise"                                        },
        {"equal_modes",    "pairs of modes that gave the very same scores"   },
    };
    append_columns(job, branch_columns());
    job.checks = {
        {.name = "GAP_UNDEFINED"},
        { .name = "EQUAL_SCORE_HASH",     .column = "checks"}
    };
    return job;
}

JobDeclaration declare_seg() {
    JobDeclaration job;
    job.name = "anomaly.seg";
    job.doc = "Judges all pixels of a class by kept maps, in one mode.";
    job.source = "jobs/anomaly/score.cpp";
    job.needs_runner = true;
    job.parameters = scoring_parameters("seg");
    job.parameters.push_back(number_parameter(
        "sigma", 4, {0, 100}, "of the blur after maps are enlarged, pixels; 0 = none"
    ));
    job.parameters.push_back(choice_parameter(
        "oracle_impl",
        {"pixel", "max_alias"},
        "pixel: knows the truth of each pixel; max_alias: the published one, which is max"
    ));
    job.columns = {
        {"p_roc",          "of score_mode: area under the ROC curve over all pixels, points"},
        {"p_roc_semantic", "semantic_auroc under its other name"                            },
        {"p_roc_memory",   "memory_auroc under its other name"                              },
    };
    append_columns(job, branch_columns());
    job.checks = {
        {.name = "GAP_UNDEFINED"},
        { .name = "EQUAL_SCORE_HASH",   .axis = "score_mode"}
    };
    return job;
}

JobDeclaration declare_report() {
    JobDeclaration job;
    job.name = "anomaly.report";
    job.doc = "Says of all judged classes which branch is the weak one, family by family.";
    job.source = "jobs/anomaly/report.cpp";
    job.needs_runner = true;
    job.parameters = {};
    job.columns = {
        {"task",            "cls or seg"                                            },
        {"dataset",         "of the classes"                                        },
        {"family",          "texture or object"                                     },
        {"k_shot",          "normal images per class"                               },
        {"classes",         "that the means are over"                               },
        {"semantic",        "mean area of that branch, points"                      },
        {"memory",          "likewise"                                              },
        {"max",             "mean area of that mode, points"                        },
        {"harmonic",        "likewise"                                              },
        {"oracle",          "likewise"                                              },
        {"gap",             "mean distance of the two branches, points"             },
        {"oracle_headroom", "mean gain of the oracle over the better branch, points"},
        {"weak_semantic",   "classes whose semantic branch is the weak one"         },
        {"weak_memory",     "classes whose memory branch is the weak one"           },
    };
    return job;
}

}  // namespace

std::vector<JobDeclaration> declare_anomaly() {
    return {
        declare_synthetic(),
        declare_train(),
        declare_infer(),
        declare_cls(),
        declare_seg(),
        declare_report()};
}

}  // namespace xorch
