#include "jobs/cellseg/declare.h"

#include <utility>

#include "jobs/cellseg/checks.h"
#include "jobs/cellseg/declared_parameters.h"
#include "jobs/parameter_declarations.h"

namespace xorch {

namespace {

using namespace cellseg;

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
        column_of_checks(),
    };
    job.checks = reported_by_job({check_leakage, check_one_image_per_donor, check_donors_by_name});
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
    job.version = 2;
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
        column_of_checks(),
    };
    job.checks = reported_by_job({check_no_background});
    return job;
}

JobDeclaration declare_train() {
    JobDeclaration job;
    job.name = "cellseg.train";
    job.doc = "Trains a U-Net to predict flows and cells on a budget of images, and evaluates it.";
    job.source = "jobs/cellseg/train.cpp";
    job.version = 2;  // since items run one by one, bits are others
    job.needs_runner = true;
    job.gang = true;
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
        flag_parameter(
            "compat_epoch_seed",
            "draw images and crops by the epoch alone, as Cellpose does: all seeds get the same"
        ),
        cells_to_train_on(),
        images_in_the_picture(),
    };
    job.parameters.push_back(tile_side());
    append(job.parameters, image_parameters());
    append(job.parameters, mask_parameters());
    job.checks =
        reported_by_job({check_clamped_duplicate, check_lr_never_reached, check_epoch_seed});
    job.checks.push_back(both_averages());
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
        seed_of_training(),
        trained_model(),
        split_to_evaluate("test"),
        images_in_the_picture(),
    };
    job.parameters.push_back(tile_side());
    append(job.parameters, image_parameters());
    append(job.parameters, mask_parameters());
    job.shapes = model_shapes();
    job.checks = {both_averages()};
    return job;
}

}  // namespace

std::vector<JobDeclaration> declare_cellseg() {
    std::vector<JobDeclaration> jobs{
        declare_synthetic(), declare_audit(), declare_prepare(), declare_train(), declare_eval()};
    for (JobDeclaration& job : declare_cellseg_analysis()) {
        jobs.push_back(std::move(job));
    }
    return jobs;
}

}  // namespace xorch
