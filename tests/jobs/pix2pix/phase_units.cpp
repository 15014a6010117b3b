#include "tests/jobs/pix2pix/phase_units.h"

#include "core/json.h"

namespace xorch::pix2pix {

std::string inputs_of(const std::vector<std::pair<std::string, const UnitRun*>>& runs) {
    Array inputs;
    for (const auto& [stage, run] : runs) {
        Object input;
        set_member(input, "stage", stage);
        set_member(input, "unit", "0123456789abcdef0123456789abcdef");
        set_member(input, "params", Object{});
        set_member(input, "dir", run->out);
        set_member(input, "records", Array(run->records.begin(), run->records.end()));
        inputs.push_back(input);
    }
    return format_json(Value(inputs));
}

Value cell(const UnitRun& run, const std::string& column) {
    const Value* value = find_member(run.records.back(), column);
    return value == nullptr ? Value() : *value;
}

Object phase_training() {
    return {
        {"use_landmark6_roi_loss", true   },
        {"lambda_edge",            10.0   },
        {"sampler_weight",         3.0    },
        {"best_by",                "proxy"},
        {"lr_decay_epochs",        1      }
    };
}

Pix2pixJob::Shared* Pix2pixJob::shared_ = nullptr;

void Pix2pixJob::SetUpTestSuite() {
    shared_ = new Shared;
    const std::string at = shared_->folder.path();
    shared_->pairs = run_alone(
        "pix2pix.prepare",
        {
            {"side",        16},
            {"made_train",  20},
            {"made_others", 10}
    },
        at + "/pairs"
    );
    ASSERT_EQ(shared_->pairs.error, "");
    shared_->baseline = train(
        {
    },
        at + "/baseline",
        inputs_of({{"pairs", &shared_->pairs}})
    );
    ASSERT_EQ(shared_->baseline.error, "");
    shared_->freeze = run_alone(
        "pix2pix.freeze",
        {
            {"hardcases", 2}
    },
        at + "/freeze",
        {.inputs = inputs_of({{"pairs", &shared_->pairs}, {"baseline", &shared_->baseline}})}
    );
    ASSERT_EQ(shared_->freeze.error, "");
    shared_->fold = train(
        {
            {"folds", 2}
    },
        at + "/fold",
        inputs_of({{"pairs", &shared_->pairs}})
    );
    ASSERT_EQ(shared_->fold.error, "");
    shared_->hard = list_hard("train_oof", at + "/hard");
    ASSERT_EQ(shared_->hard.error, "");
}

void Pix2pixJob::TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
}

UnitRun Pix2pixJob::train(
    const Object& more, const std::string& folder, const std::string& inputs, UnitOptions options
) {
    Object params{
        {"epochs",       2   },
        {"depth",        3   },
        {"width",        2   },
        {"judge_layers", 1   },
        {"judge_width",  2   },
        {"lr",           2e-3}
    };
    for (const auto& [name, value] : more) {
        set_member(params, name, value);
    }
    options.inputs = inputs;
    return run_alone("pix2pix.train", params, folder, options);
}

UnitRun Pix2pixJob::list_hard(const std::string& source, const std::string& folder) {
    return run_alone(
        "pix2pix.hard",
        {
            {"source", source}
    },
        folder,
        {.inputs = inputs_of(
             {{"pairs", &shared_->pairs}, {"freeze", &shared_->freeze}, {"folds", &shared_->fold}}
         )}
    );
}

std::string Pix2pixJob::phase_inputs(const UnitRun* hard) {
    return inputs_of({
        {"pairs",  &shared_->pairs                        },
        {"freeze", &shared_->freeze                       },
        {"hard",   hard == nullptr ? &shared_->hard : hard}
    });
}

UnitRun Pix2pixJob::evaluate(const UnitRun& trained, const std::string& folder) {
    return run_alone(
        "pix2pix.eval",
        {
            {"config", "s0"}
    },
        folder,
        {.inputs = inputs_of(
             {{"pairs", &shared_->pairs}, {"freeze", &shared_->freeze}, {"full", &trained}}
         )}
    );
}

}  // namespace xorch::pix2pix
