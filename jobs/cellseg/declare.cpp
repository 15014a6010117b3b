#include "jobs/cellseg/declare.h"

#include <utility>

#include "jobs/parameter_declarations.h"

namespace xorch {

namespace {

using Declarations = std::vector<ParameterDeclaration>;

void append(Declarations& parameters, Declarations more) {
    for (ParameterDeclaration& parameter : more) {
        parameters.push_back(std::move(parameter));
    }
}

// Said of more than one job in the same words.

ParameterDeclaration recipe() {
    return text_parameter(
        "recipe", "", "name of the way of training, by which stages find their networks"
    );
}

ParameterDeclaration trained_model() {
    return path_parameter(
        "model", "folder of a model, or TorchScript file; empty = what an input left in model/"
    );
}

ColumnDeclaration checks_column() {
    return {"checks", "names of what makes the numbers say less than they seem to"};
}

ParameterDeclaration empty_masks() {
    return flag_parameter("allow_empty", "accept images whose mask has no cell");
}

ParameterDeclaration cells_to_train_on() {
    return integer_parameter(
        "min_train_masks", 5, {0, 1e6}, "cells that a training image must have"
    );
}

ParameterDeclaration split_to_evaluate(const char* value) {
    return text_parameter("eval_split", value, "split to evaluate on");
}

ParameterDeclaration images_in_the_picture() {
    return integer_parameter("panels", 1, {0, 100}, "images per group in the picture of outlines");
}

Declarations image_parameters() {
    return {
        path_parameter("data", "folder of images and masks; empty = what an input left in cells/"),
        choice_parameter(
            "colour",
            {"channels", "grey"},
            "channels: the first two are DAPI and marker; grey: colours become one channel"
        ),
        choice_parameter(
            "ground",
            {"dark", "auto"},
            "auto: an image of dark cells on bright ground is turned over, by its median"
        ),
        empty_masks(),
    };
}

ParameterDeclaration tile_side() {
    return integer_parameter(
        "tile", 256, {32, 4096}, "side of inference tiles, pixels, a multiple of 16"
    );
}

Declarations mask_parameters() {
    return {
        number_parameter(
            "cellprob_threshold", 0.0, {-20, 20}, "logit above which a pixel may be a cell's"
        ),
        number_parameter(
            "flow_threshold", 0.4, {0, 100}, "greatest flow error of a cell; 0 = no check"
        ),
        integer_parameter(
            "niter",
            200,
            {1, 10000},
            "steps that pixels flow (published: 200 per 30 pixels of "
            "diameter)"
        ),
        integer_parameter("min_size", 15, {0, 1e6}, "smallest cell, pixels"),
    };
}

// The contract of TorchScript modules.
std::vector<ShapeDeclaration> model_shapes() {
    return {
        {"input",  "f32[N,3,256,256]", "normalised: DAPI, marker, 0, or grey, 0, 0"                                      },
        {"output",
         "f32[N,3,256,256]",           "flow y, flow x (five times a unit vector), logit; or a tuple that begins with it"},
    };
}

JobDeclaration declare_synthetic() {
    JobDeclaration job;
    job.name = "cellseg.synthetic";
    job.doc = "Makes images of four markers with masks, for sweeps that need no data.";
    job.source = "jobs/cellseg/synthetic_set.cpp";
    job.needs_runner = true;
    job.parameters = {
        integer_parameter("seed", 0, {0, 2147483647}, "of all images"),
        choice_parameter(
            "labels",
            {"marker", "every"},
            "marker: masks of the marker's cells; every: of other nuclei as well"
        ),
    };
    job.columns = {
        {"images", "in three splits"},
    };
    return job;
}

JobDeclaration declare_audit() {
    JobDeclaration job;
    job.name = "cellseg.audit";
    job.doc = "Says whose images are in which split; a donor in two of them ends the unit.";
    job.source = "jobs/cellseg/audit.cpp";
    job.needs_runner = true;
    job.parameters = {
        path_parameter("data", "folder of images and masks; empty = what an input left in cells/"),
        path_parameter(
            "donors",
            "CSV with columns image and donor; empty = donors.csv beside the images, or else what "
            "follows the group in their names"
        ),
        flag_parameter("accept_leakage", "go on with donors in two splits, and say so in checks"),
    };
    job.columns = {
        {"split",         "train, val or test"                },
        {"images",        "of that split"                     },
        {"donors",        "of those images"                   },
        {"shared_donors", "those with images in another split"},
        checks_column(),
    };
    return job;
}

JobDeclaration declare_prepare() {
    JobDeclaration job;
    job.name = "cellseg.prepare";
    job.doc =
        "Checks images and instance masks of any layout and writes them in one; starts over when "
        "stopped.";
    job.source = "jobs/cellseg/prepare.cpp";
    job.needs_runner = true;
    job.parameters = {
        path_parameter("data", "folder of images and masks"),
        empty_masks(),
        cells_to_train_on(),
    };
    job.columns = {
        {"split",                 "train, val or test"                                 },
        {"group",                 "marker, or kind of image"                           },
        {"images",                "of that split and group"                            },
        {"cells",                 "in them"                                            },
        {"median_diameter",       "pixels; median over images of the median over cells"},
        {"below_min_train_masks", "images with too few cells to train on"              },
        checks_column(),
    };
    return job;
}

JobDeclaration declare_train() {
    JobDeclaration job;
    job.name = "cellseg.train";
    job.doc = "Trains a U-Net to predict flows and cells on a budget of images, and evaluates it.";
    job.source = "jobs/cellseg/train.cpp";
    job.needs_runner = true;
    job.gang = true;
    job.version = 2;
    job.parameters = {
        recipe(),
        path_parameter(
            "model",
            "folder of a model to start from; empty = what an input left in model/, or random "
            "weights"
        ),
        text_parameter("group", "", "marker or kind to train on alone; empty = all"),
        integer_parameter(
            "seed", 0, {0, 2147483647}, "of subset, weights and crops, with budget and repeat"
        ),
        integer_parameter(
            "budget", 0, {0, 1e6}, "training images of each group, or of all; 0 = all there are"
        ),
        integer_parameter("repeat", 0, {0, 1e6}, "which draw of that budget"),
        choice_parameter(
            "budget_of", {"group", "all"}, "whether the budget counts per group or in all"
        ),
        text_parameter(
            "budgets", "", "budgets of the sweep (\"2,5,10\"), to name those that came to the same"
        ),
        split_to_evaluate("val"),
        integer_parameter(
            "epochs", 100, {0, 100000}, "of images_per_epoch images each; 0 = only evaluate"
        ),
        integer_parameter(
            "images_per_epoch",
            0,
            {0, 1e6},
            "drawn with replacement, so that budgets get equal steps; 0 = each image once"
        ),
        integer_parameter("batch", 4, {1, 256}, "crops of a step"),
        integer_parameter(
            "crop", 128, {16, 1024}, "side of training crops, pixels, a multiple of 8"
        ),
        number_parameter("lr", 2e-3, {0, 10}, "learning rate after ten epochs of warm-up"),
        number_parameter("weight_decay", 0.1, {0, 10}, "of AdamW"),
        number_parameter("scale_range", 0.5, {0, 1.9}, "crops are scaled by 1 - s/2 to 1 + s/2"),
        integer_parameter(
            "width", 12, {4, 256}, "channels of the network at full size, a multiple of 4"
        ),
        cells_to_train_on(),
        images_in_the_picture(),
    };
    job.parameters.push_back(tile_side());
    append(job.parameters, image_parameters());
    append(job.parameters, mask_parameters());
    return job;
}

JobDeclaration declare_eval() {
    JobDeclaration job;
    job.name = "cellseg.eval";
    job.doc = "Segments the images of a split with a trained network or a TorchScript module.";
    job.source = "jobs/cellseg/eval.cpp";
    job.needs_runner = true;
    job.parameters = {
        recipe(),
        trained_model(),
        split_to_evaluate("test"),
        images_in_the_picture(),
    };
    job.parameters.push_back(tile_side());
    append(job.parameters, image_parameters());
    append(job.parameters, mask_parameters());
    job.shapes = model_shapes();
    return job;
}

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
    };
    append(job.parameters, cohort_parameters());
    append(job.parameters, mask_parameters());
    job.shapes = model_shapes();
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
        text_parameter("recipe_of", "recipe", "parameter of the inputs that names the recipe"),
        text_parameter("choose_on", "val", "split that decides"),
        text_parameter("report_on", "test", "split that is reported and decides nothing"),
    };
    return job;
}

}  // namespace

std::vector<JobDeclaration> declare_cellseg() {
    return {
        declare_synthetic(),
        declare_audit(),
        declare_prepare(),
        declare_train(),
        declare_eval(),
        declare_predict(),
        declare_segment(),
        declare_hybrid(),
        declare_infer(),
        declare_donors()};
}

}  // namespace xorch
