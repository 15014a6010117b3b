#include "jobs/cellseg/checks.h"
#include "jobs/cellseg/declare.h"
#include "jobs/cellseg/declared_parameters.h"
#include "jobs/parameter_declarations.h"

namespace xorch {

namespace {

using namespace cellseg;

JobDeclaration declare_predict() {
    JobDeclaration job;
    job.name = "cellseg.predict";
    job.doc =
        "Asks a network about the images of a split, once, for many units of cellseg.segment.";
    job.source = "jobs/cellseg/predict.cpp";
    job.needs_runner = true;
    job.parameters = {
        recipe(),
        trained_model(),
        split_to_evaluate("test"),
        tile_side(),
    };
    append(job.parameters, image_parameters());
    job.columns = {
        {"eval_split",   "split of the images"                     },
        {"eval_n",       "images"                                  },
        {"model_path",   "network, as it is called"                },
        {"model_hash",   "of its files"                            },
        {"tile",         "side of inference tiles, pixels"         },
        {"outputs_hash", "of the list of outputs with their hashes"},
    };
    job.shapes = model_shapes();
    job.checks = {
        {.name = "ABLATION_NOOP", .axis = "recipe", .column = "outputs_hash"}
    };
    return job;
}

JobDeclaration declare_segment() {
    JobDeclaration job;
    job.name = "cellseg.segment";
    job.doc =
        "Makes cells of the outputs that cellseg.predict left, asking no network, and scores them "
        "with and without a gate.";
    job.source = "jobs/cellseg/post/segment.cpp";
    job.needs_runner = true;
    job.parameters = {
        recipe(),
        split_to_evaluate("test"),
        images_in_the_picture(),
        flag_parameter("gate", "also keep only cells that are large and neither dim nor bright"),
        number_parameter(
            "gate_low", 0.0, {0, 100}, "percentile of the marker's channel; up to 1 a fraction"
        ),
        number_parameter(
            "gate_high", 100.0, {0, 100}, "percentile of the marker's channel; up to 1 a fraction"
        ),
        integer_parameter("gate_area", 50, {0, 1e6}, "smallest cell that passes, pixels"),
    };
    append(job.parameters, image_parameters());
    append(job.parameters, mask_parameters());
    job.checks = {both_averages()};
    return job;
}

// Of the made cohort; stages that speak of the same one give the same values and seed.
Declarations cohort_parameters() {
    return {
        integer_parameter("seed", 0, {0, 2147483647}, "of the made cohort, and of repeats"),
        integer_parameter("donors", 69, {1, 100000}, "of the made cohort"),
        integer_parameter("tiles", 14749, {1, 1e7}, "of the made cohort"),
        integer_parameter("side", 64, {32, 1024}, "of a made tile, pixels"),
    };
}

JobDeclaration declare_infer() {
    JobDeclaration job;
    job.name = "cellseg.infer";
    job.doc =
        "Counts the cells of one chunk of a cohort's tiles, and those with a bright marker; a "
        "stopped chunk goes on at its first missing tile.";
    job.source = "jobs/cellseg/infer.cpp";
    job.needs_runner = true;
    job.parameters = {
        recipe(),
        trained_model(),
        path_parameter(
            "data",
            "folder of tiles, */MARKER/DONOR/*b0c0x*.tif with *b0c1x*.tif; empty = a made cohort"
        ),
        integer_parameter("chunk", 0, {0, 1e6}, "which of the chunks, from 0"),
        integer_parameter("chunks", 1, {1, 1e6}, "that the tiles are cut into"),
        tile_side(),
        images_in_the_picture(0),  // of hundreds of chunks, few want one
    };
    append(job.parameters, cohort_parameters());
    append(job.parameters, mask_parameters());
    job.shapes = model_shapes();
    job.checks = reported_by_job({check_unmatched_files, check_marker_vanished});
    return job;
}

JobDeclaration declare_donors() {
    JobDeclaration job;
    job.name = "cellseg.donors";
    job.doc =
        "Sums the tiles of donors, correlates three metrics with eight clinical outcomes, and "
        "says how stable that is when tiles are drawn anew.";
    job.source = "jobs/cellseg/tiles/donors.cpp";
    job.needs_runner = true;
    job.parameters = {
        path_parameter("clinical", "CSV with projid and outcomes; empty = of the made cohort"),
        integer_parameter("repeats", 200, {0, 100000}, "of the bootstrap"),
    };
    append(job.parameters, cohort_parameters());
    job.columns = {
        {"model",                 "recipe that counted"                                        },
        {"tests",                 "correlations"                                               },
        {"pass",                  "those with p < 0.05"                                        },
        {"pass_fdr",              "those with p < 0.05 after adjusting over all of both models"},
        {"mean_var_rho",          "variance of rho over repeats, mean over tests"              },
        {"mean_sign_consistency", "share of repeats with the commoner sign, mean over tests"   },
        {"mean_rho_error",        "distance of rho from that of the true counts, where made"   },
        {"tiles",                 "counted"                                                    },
    };
    return job;
}

JobDeclaration declare_hybrid() {
    JobDeclaration job;
    job.name = "cellseg.hybrid";
    job.doc =
        "Chooses for each group the recipe with the best average precision on validation images, "
        "and tells what all recipes and the mixture score on others. Trains nothing.";
    job.source = "jobs/cellseg/post/hybrid.cpp";
    job.needs_runner = true;
    job.parameters = {
        seed_of_training(),
        text_parameter("recipe_of", "recipe", "parameter of the inputs that names the recipe"),
        text_parameter("choose_on", "val", "split that decides"),
        text_parameter("report_on", "test", "split that is reported and decides nothing"),
    };
    return job;
}

}  // namespace

std::vector<JobDeclaration> declare_cellseg_analysis() {
    return {
        declare_predict(), declare_segment(), declare_hybrid(), declare_infer(), declare_donors()};
}

}  // namespace xorch
