#include "jobs/anomaly/declare_scores.h"

#include <string>
#include <utility>
#include <vector>

#include "core/check.h"
#include "jobs/anomaly/declared_parameters.h"
#include "jobs/parameter_declarations.h"

namespace xorch::anomaly {

namespace {

std::vector<ParameterDeclaration> scoring_parameters(const char* task) {
    std::vector<ParameterDeclaration> parameters = class_parameters();
    append(
        parameters,
        {
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
        }
    );
    return parameters;
}

// Of both tasks.
std::vector<ColumnDeclaration> branch_columns() {
    return {
        {"semantic_auroc",         "of the semantic branch alone, points"                       },
        {"memory_auroc",           "of the memory branch alone, points"                         },
        {"gap",                    "between the two, points, never negative"                    },
        {"gain_over_best",         "of this mode over the better of the two, points"            },
        {"weak_branch",            "the lesser of the two; empty where they are equal"          },
        {"oracle_semantic_ratio",  "share of places at which the oracle takes the semantic one" },
        {"oracle_memory_ratio",    "share at which it takes the memory one"                     },
        {"frac_semantic_selected", "share of places at which the semantic score is the greater" },
        {"branch_source",          "computed: by our own inference; backfilled: of saved scores"},
        {"score_hash",             "of all scores of this mode"                                 },
        {"metadata_path",          "stage, unit and folder of the maps"                         },
        column_of_checks(),
    };
}

void append_columns(JobDeclaration& job, std::vector<ColumnDeclaration> columns) {
    for (ColumnDeclaration& column : columns) {
        job.columns.push_back(std::move(column));
    }
}

}  // namespace

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
    // Equal modes are columns of one record here: the job looks itself.
    job.checks = {{.name = "GAP_UNDEFINED"}};
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

}  // namespace xorch::anomaly
