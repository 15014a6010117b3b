#include "jobs/anomaly/declare.h"

#include "jobs/anomaly/declare_scores.h"
#include "jobs/anomaly/declared_parameters.h"
#include "jobs/parameter_declarations.h"

namespace xorch {

namespace {

using namespace anomaly;

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

// What an encoder is shown.
std::vector<ParameterDeclaration> input_parameters() {
    return {
        class_images(),
        path_parameter(
            "encoder",
            "folder of an encoder, or TorchScript file; empty = what an input left in encoder/"
        ),
        path_parameter(
            "texts",
            "for a TorchScript encoder: its texts, f32[2,D] as NPY or saved tensor, or a "
            "folder of "
            "such files by class"
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
        pixel_resolution(),
    };
}

// What becomes of its answers.
std::vector<ParameterDeclaration> branch_parameters() {
    return {
        number_parameter(
            "logit_scale",
            4.60517,
            {1e-3, 1000},
            "of likenesses to texts (published: not exponentiated; 100 if it were)"
        ),
        choice_parameter(
            "memory_bank",
            {"all", "coreset"},
            "all: distances to all normal patches, by level; coreset: as PatchCore"
        ),
        number_parameter("coreset_share", 0.1, {1e-6, 1}, "of all patches that it keeps"),
        integer_parameter("neighbours", 1, {1, 1000}, "that its distances are means over"),
        integer_parameter("panels", 2, {0, 100}, "abnormal images in the picture of maps"),
    };
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
    append(job.parameters, input_parameters());
    append(job.parameters, branch_parameters());
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

JobDeclaration declare_saved() {
    JobDeclaration job;
    job.name = "anomaly.saved";
    job.doc =
        "Makes maps of a class out of the scores that the published program saved, in the place of "
        "an inference.";
    job.source = "jobs/anomaly/saved.cpp";
    job.needs_runner = true;
    job.parameters = class_parameters();
    ParameterDeclaration tree = path_parameter(
        "tree", "folder with DATASET/k_K/metadata/TASK/CLASS_seedSEED_MODE.json (its result/gate)"
    );
    tree.default_value.reset();
    append(job.parameters, {tree, class_images(), pixel_resolution()});
    job.columns = {
        {"layout",        "of the class on disk: mvtec, visa or raw"},
        {"test_n",        "test images, in sorted order"            },
        {"grid_side",     "patches in a row of an image"            },
        {"manifest_hash", "of the test images and masks"            },
        {"maps_hash",     "of maps/, which later units demand"      },
    };
    return job;
}

}  // namespace

std::vector<JobDeclaration> declare_anomaly() {
    return {
        declare_synthetic(),
        declare_train(),
        declare_infer(),
        declare_saved(),
        declare_cls(),
        declare_seg(),
        declare_report()};
}

}  // namespace xorch
