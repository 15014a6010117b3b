#include "jobs/beats/declare.h"

#include "jobs/beats/checks.h"
#include "jobs/beats/declare_prepare.h"
#include "jobs/parameter_declarations.h"

namespace xorch {

namespace {

using Declarations = std::vector<ParameterDeclaration>;

ParameterDeclaration prepared_beats() {
    return path_parameter(
        "data", "folder of prepared beats; empty = those of the stage \"prepare\""
    );
}

ParameterDeclaration round_name() {
    return text_parameter("round", "", "name of the recipe in tables; changes nothing");
}

ParameterDeclaration beats_at_once() {
    return integer_parameter("batch", 128, {1, 65536}, "beats of a step, and of a question");
}

// What the best epoch is chosen by, and when the search for a better one ends.
Declarations choice_parameters() {
    return {
        choice_parameter(
            "score",
            {"rare", "half", "macro", "worst"},
            "of the validation beats: 0.2 macro + 0.3 abnormal + 0.5 rare F1; half macro, half "
            "abnormal; macro; 0.4 macro + 0.3 abnormal + 0.3 least F1"
        ),
        integer_parameter("patience", 25, {1, 100000}, "epochs to wait for a better one"),
        integer_parameter("min_epochs", 25, {1, 100000}, "no end before"),
    };
}

Declarations balance_parameters() {
    return {
        choice_parameter(
            "sampler",
            {"none", "power", "mix"},
            "draws beats by a power of their class's rarity, or towards target_mix"
        ),
        number_parameter("sampler_power", 1, {0, 10}, "1 = every class as often"),
        number_parameter(
            "sampler_max_ratio",
            0,
            {0, 1e6},
            "greatest weight of a beat, the least being 1; 0 = any"
        ),
        text_parameter("target_mix", "0.5,0.2,0.2,0.1", "shares of N, S, V and O in a batch"),
        choice_parameter(
            "weight_norm",
            {"none", "balanced", "mean1", "majority1"},
            "scale of the class weights: n/(C n_c); mean 1; the commonest class has 1"
        ),
        number_parameter("weight_power", 1, {0, 10}, "of the class weights before they are scaled"),
        number_parameter(
            "weight_max_ratio",
            20,
            {0, 1e6},
            "weights end at this and its inverse, or at 1 with majority1; 0 = nowhere"
        ),
        choice_parameter(
            "beside_sampler",
            {"sqrt", "uniform", "full"},
            "what is left of the class weights beside a sampler"
        ),
        integer_parameter(
            "weight_warm_up", 0, {0, 100000}, "epochs in which the class weights come in"
        ),
        choice_parameter("loss", {"ce", "focal"}, "cross entropy or focal loss"),
        number_parameter("focal_gamma", 2, {0, 20}, "of the focal loss"),
    };
}

Declarations optimizer_parameters() {
    return {
        integer_parameter("epochs", 90, {1, 100000}, "at most"),
        beats_at_once(),
        number_parameter("lr", 1e-3, {0, 10}, "learning rate"),
        number_parameter("weight_decay", 1e-4, {0, 10}, "of Adam, in the gradient"),
        number_parameter("clip_norm", 1, {1e-9, 1e9}, "greatest norm of a gradient"),
        integer_parameter(
            "plateau_patience", 3, {0, 100000}, "epochs without a lower validation loss"
        ),
        number_parameter("plateau_factor", 0.5, {0, 1}, "that lr falls by then"),
        number_parameter("dropout", 0.2, {0, 0.99}, "of tokens and of their mean"),
        number_parameter(
            "constraint_scale", 1, {1e-6, 1e6}, "greatest weight before the classifier"
        ),
    };
}

JobDeclaration declare_train() {
    JobDeclaration job;
    job.name = "beats.train";
    job.doc = "Trains the small network on prepared beats with one recipe against their imbalance.";
    job.source = "jobs/beats/train.cpp";
    job.needs_runner = true;
    job.parameters = {
        prepared_beats(),
        round_name(),
        integer_parameter("seed", 0, {0, 2147483647}, "of weights, batches and dropout"),
    };
    append(job.parameters, balance_parameters());
    append(job.parameters, choice_parameters());
    append(job.parameters, optimizer_parameters());
    job.checks = reported_by_job(
        {beats::check_gradient_lopsided, beats::check_mix_capped, beats::check_collapse}
    );
    return job;
}

JobDeclaration declare_rescore() {
    JobDeclaration job;
    job.name = "beats.rescore";
    job.doc = "Chooses the best epoch of a training of stage \"train\" anew, from its log alone.";
    job.source = "jobs/beats/rescore.cpp";
    job.needs_runner = true;
    job.parameters = {
        round_name(),
        integer_parameter("seed", 0, {0, 2147483647}, "of the training whose log it is"),
    };
    append(job.parameters, choice_parameters());
    job.checks = reported_by_job({beats::check_log_ends_first, beats::check_collapse});
    return job;
}

JobDeclaration declare_eval() {
    JobDeclaration job;
    job.name = "beats.eval";
    job.doc = "Asks a trained network, or a TorchScript module, for the classes of prepared beats.";
    job.source = "jobs/beats/eval.cpp";
    job.needs_runner = true;
    job.parameters = {
        prepared_beats(),
        path_parameter(
            "model", "folder of a model, or TorchScript file; empty = that of the stage \"train\""
        ),
        beats_at_once(),
    };
    job.shapes = {
        {"input",  "f32[N,1,360]", "a second around each beat, in [-1, 1]"                    },
        {"output", "f32[N,4]",     "logits of N, S, V and O; or a tuple that begins with them"},
    };
    return job;
}

}  // namespace

std::vector<JobDeclaration> declare_beats() {
    return {declare_beats_prepare(), declare_train(), declare_rescore(), declare_eval()};
}

}  // namespace xorch
