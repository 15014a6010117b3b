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
        path_parameter(
            "data", "folder of images and masks; empty = the images of the stage \"prepare\""
        ),
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

Declarations mask_parameters() {
    return {
        integer_parameter(
            "tile", 256, {32, 4096}, "side of inference tiles, pixels, a multiple of 16"
        ),
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
    job.parameters = {
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
        integer_parameter("epochs", 100, {1, 100000}, "of images_per_epoch images each"),
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
        path_parameter(
            "model", "folder of a model, or TorchScript file; empty = that of the stage \"train\""
        ),
        split_to_evaluate("test"),
        images_in_the_picture(),
    };
    append(job.parameters, image_parameters());
    append(job.parameters, mask_parameters());
    job.shapes = {
        {"input",  "f32[N,3,256,256]", "normalised: DAPI, marker, 0, or grey, 0, 0"                                      },
        {"output",
         "f32[N,3,256,256]",           "flow y, flow x (five times a unit vector), logit; or a tuple that begins with it"},
    };
    return job;
}

}  // namespace

std::vector<JobDeclaration> declare_cellseg() {
    return {declare_prepare(), declare_train(), declare_eval()};
}

}  // namespace xorch
