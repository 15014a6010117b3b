#include "jobs/cellseg/declared_parameters.h"

#include "jobs/parameter_declarations.h"

namespace xorch::cellseg {

ParameterDeclaration recipe() {
    return text_parameter(
        "recipe", "", "name of the way of training, by which stages find their networks"
    );
}

ParameterDeclaration seed_of_training() {
    return integer_parameter(
        "seed", 0, {0, 2147483647}, "of the training that is judged, by which stages find it"
    );
}

ParameterDeclaration trained_model() {
    return path_parameter(
        "model", "folder of a model, or TorchScript file; empty = what an input left in model/"
    );
}

Check both_averages() {
    return {.name = "AVERAGE_UNNAMED", .column = "overall_ap50_pooled"};
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

ParameterDeclaration images_in_the_picture(int few) {
    return integer_parameter(
        "panels", few, {0, 100}, "images per group in the picture of outlines"
    );
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

}  // namespace xorch::cellseg
