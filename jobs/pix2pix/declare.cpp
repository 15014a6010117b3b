#include "jobs/pix2pix/declare.h"

#include <utility>

#include "jobs/parameter_declarations.h"

namespace xorch {

namespace {

using Declarations = std::vector<ParameterDeclaration>;

JobDeclaration begin_job(std::string name, std::string doc) {
    JobDeclaration job;
    job.source = "jobs/" + name + ".cpp";
    job.source[job.source.find('.')] = '/';
    job.name = std::move(name);
    job.doc = std::move(doc);
    job.needs_runner = true;
    return job;
}

ParameterDeclaration config_name() {
    return text_parameter("config", "", "name of the configuration in tables; changes nothing");
}

// Where landmarks are looked for.
Declarations region_parameters() {
    return {
        choice_parameter(
            "roi_mode",
            {"fixed", "landmark"},
            "boxes of the regions: the same for all, or of that size around a pair's landmarks"
        ),
        text_parameter("box_sn", "0.36,0.22,0.78,0.40", "left, top, right, bottom on the canvas"),
        text_parameter("box_ab", "0.60,0.44,0.82,0.76", "the same of region ab"),
        text_parameter("box_gogn", "0.34,0.58,0.74,0.88", "the same of region gogn"),
    };
}

// What scores are made of; none of these numbers is in the report.
Declarations score_parameters() {
    Declarations parameters = region_parameters();
    append(
        parameters,
        {
            number_parameter("proxy_l1", 1, {0, 1e6}, "weight of distance in the landmark proxy"),
            number_parameter("proxy_edge", 1, {0, 1e6}, "weight of edges in it"),
            number_parameter("proxy_sn", 1, {0, 1e6}, "weight of region sn in it"),
            number_parameter("proxy_ab", 1, {0, 1e6}, "weight of region ab in it"),
            number_parameter("proxy_gogn", 1, {0, 1e6}, "weight of region gogn in it"),
            integer_parameter(
                "val_batch", 20, {1, 65536}, "pairs at once where none is learned from"
            ),
        }
    );
    return parameters;
}

ParameterDeclaration model_parameter() {
    return path_parameter(
        "model",
        "folder of a model, or TorchScript file; empty = that of the one input that has model/"
    );
}

void add_model_shapes(JobDeclaration& job) {
    job.shapes = {
        {"input",  "f32[N,3,S,S]",   "photos on their canvas, red, green, blue in [-1, 1]"},
        {"output", "f32[N,1|3,S,S]", "X-rays in [-1, 1]; or a tuple that begins with them"},
    };
}

JobDeclaration declare_prepare() {
    JobDeclaration job = begin_job(
        "pix2pix.prepare", "Reads pairs of photos and X-rays and puts them on square canvases."
    );
    job.parameters = {
        path_parameter(
            "data",
            "folder in the clinical layout (train_ids.csv), of A/ and B/, or of side-by-side "
            "images; empty = made pairs"
        ),
        integer_parameter("seed", 0, {0, 2147483647}, "of made pairs"),
        integer_parameter("side", 64, {8, 4096}, "of the canvas, pixels"),
        integer_parameter("made_train", 600, {2, 600}, "made pairs to train on"),
        integer_parameter("made_others", 100, {9, 100}, "to validate, and as many to test"),
    };
    job.columns = {
        {"layout",    "of the folder"                                                      },
        {"side",      "of the canvas, pixels"                                              },
        {"train_n",   "pairs to train on"                                                  },
        {"val_n",     "pairs to validate"                                                  },
        {"test_n",    "pairs to test; nothing looks at their X-rays but the leakage report"},
        {"landmarks", "the pairs have landmarks"                                           },
        column_of_checks(), // an id in two splits ends the unit as LEAKAGE
    };
    return job;
}

Declarations loss_parameters() {
    return {
        number_parameter("lambda_l1", 100, {0, 1e6}, "weight of the mean distance"),
        number_parameter("lambda_edge", 0, {0, 1e6}, "weight of the mean edge distance"),
        flag_parameter("use_landmark6_roi_loss", "also learn from the three landmark regions"),
        number_parameter("lambda_roi_l1", 100, {0, 1e6}, "weight of a region's distance"),
        number_parameter("lambda_roi_edge", 100, {0, 1e6}, "weight of a region's edges"),
        number_parameter("roi_sn", 1, {0, 1e6}, "weight of region sn"),
        number_parameter("roi_ab", 1, {0, 1e6}, "weight of region ab"),
        number_parameter("roi_gogn", 1, {0, 1e6}, "weight of region gogn"),
        number_parameter("ab_mult", 1, {0, 1e6}, "multiplies roi_ab"),
        number_parameter("ab_edge_mult", 1, {0, 1e6}, "multiplies lambda_roi_edge in region ab"),
        choice_parameter(
            "goal",
            {"none", "landmark6"},
            "what the phase is about: with landmark6 a training without the loss of the regions "
            "is reported as GOAL_SWITCHED_OFF"
        ),
    };
}

Declarations sampler_parameters() {
    return {
        number_parameter(
            "sampler_weight", 1, {1, 1e6}, "of hard pairs against others when drawing; 1 = off"
        ),
        flag_parameter(
            "force_hard_ids",
            "train on all hard ids, wherever they are: ends as LEAKAGE if one of them validates"
        ),
        integer_parameter("train_items", 0, {0, 1e6}, "training pairs to use; 0 = all"),
        integer_parameter("subset_seed", 0, {0, 2147483647}, "of which those are"),
        integer_parameter("folds", 0, {0, 100}, "parts of the training pairs; 0 = use all"),
        integer_parameter("fold", 0, {0, 99}, "part that is left out, and scored at the end"),
    };
}

Declarations network_parameters() {
    return {
        integer_parameter("depth", 5, {2, 12}, "halvings of the generator"),
        integer_parameter("width", 8, {1, 256}, "of its outermost level"),
        integer_parameter("judge_layers", 2, {1, 6}, "of the judge of patches"),
        integer_parameter("judge_width", 8, {1, 256}, "of its first layer"),
        choice_parameter("normalisation", {"batch", "instance"}, "of both networks"),
        flag_parameter("no_dropout", "leave out what only networks deeper than 5 have"),
    };
}

JobDeclaration declare_train() {
    JobDeclaration job =
        begin_job("pix2pix.train", "Trains generator and judge, and leaves the best generator.");
    job.parameters = {
        config_name(),
        integer_parameter("seed", 0, {0, 2147483647}, "of weights, batches and dropout"),
        integer_parameter("epochs", 12, {1, 100000}, "passes over the training pairs"),
        integer_parameter("lr_decay_epochs", 0, {0, 100000}, "the last ones, in which lr falls"),
        integer_parameter("batch", 4, {1, 4096}, "pairs of a step"),
        number_parameter("lr", 2e-4, {0, 10}, "learning rate of both"),
        number_parameter("beta1", 0.5, {0, 0.999}, "of both Adams"),
        choice_parameter(
            "best_by",
            {"l1", "failures", "proxy"},
            "the best epoch: mean_l1; failed_count_fixed, then mean_l1; landmark6_proxy_score, "
            "then those"
        ),
    };
    append(job.parameters, loss_parameters());
    append(job.parameters, sampler_parameters());
    append(job.parameters, network_parameters());
    append(job.parameters, score_parameters());
    job.checks = {{.name = "SAMPLER_NOOP"}, {.name = "LEAKAGE"}, {.name = "GOAL_SWITCHED_OFF"}};
    return job;
}

JobDeclaration declare_freeze() {
    JobDeclaration job = begin_job(
        "pix2pix.freeze",
        "Sets the thresholds of failure and the list of hard cases from a baseline, once for all "
        "phases."
    );
    job.parameters = {
        model_parameter(),
        number_parameter(
            "spread", 0.5, {0, 100}, "deviations between the means and the thresholds"
        ),
        integer_parameter("hardcases", 23, {1, 1e6}, "the worst failures that make the list"),
    };
    append(job.parameters, score_parameters());
    add_model_shapes(job);
    return job;
}

JobDeclaration declare_hard() {
    JobDeclaration job =
        begin_job("pix2pix.hard", "Lists the training pairs that the sampler draws more often.");
    job.parameters = {
        choice_parameter(
            "source",
            {"train_oof", "knn_from_val_inputs", "val_ids"},
            "failures of the folds of the inputs; the training photos most like those of hard "
            "cases (told as TRANSDUCTIVE); the hard cases themselves, which no sampler will find"
        ),
        number_parameter("spread", 0.5, {0, 100}, "of train_oof: deviations above the mean"),
        integer_parameter("neighbours", 2, {1, 1000}, "of knn_from_val_inputs"),
    };
    return job;
}

JobDeclaration declare_eval() {
    JobDeclaration job = begin_job(
        "pix2pix.eval", "Scores a trained generator, or a TorchScript module, on validation pairs."
    );
    job.parameters = {
        config_name(),
        model_parameter(),
    };
    append(job.parameters, score_parameters());
    add_model_shapes(job);
    return job;
}

JobDeclaration declare_compare() {
    JobDeclaration job = begin_job(
        "pix2pix.compare",
        "Compares two evaluations: table, stubborn pairs, trial pack of 30 and pictures."
    );
    job.parameters = {
        text_parameter("prev", "prev", "stage of the evaluation of the phase before"),
        text_parameter("cur", "cur", "stage of this phase's"),
        integer_parameter("pack_group", 10, {1, 1000}, "pairs of each of three groups"),
    };
    append(job.parameters, region_parameters());
    return job;
}

JobDeclaration declare_sanity() {
    JobDeclaration job = begin_job(
        "pix2pix.sanity", "Looks for leaks between splits and from X-rays to the generator."
    );
    job.parameters = {
        model_parameter(),
        integer_parameter("seed", 0, {0, 2147483647}, "of the shuffled pairs"),
        integer_parameter("val_batch", 20, {1, 65536}, "pairs at once"),
        number_parameter(
            "shuffled_ratio", 1.2, {1, 100}, "least ratio of distances to others' X-rays and own"
        ),
    };
    add_model_shapes(job);
    job.checks = {{.name = "LEAKAGE"}};
    return job;
}

}  // namespace

std::vector<JobDeclaration> declare_pix2pix() {
    return {
        declare_prepare(),
        declare_train(),
        declare_freeze(),
        declare_hard(),
        declare_eval(),
        declare_compare(),
        declare_sanity()};
}

}  // namespace xorch
