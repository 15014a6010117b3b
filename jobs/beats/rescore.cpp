// beats.rescore: another score would have chosen another epoch. The log of a training has every
// epoch's confusion matrices, so that the choice is made again without training.

#include <fmt/core.h>

#include "core/check.h"
#include "core/io/posix_disk.h"
#include "core/statistics/relative_change.h"
#include "jobs/beats/balance/collapse.h"
#include "jobs/beats/checks.h"
#include "jobs/beats/jobs.h"
#include "jobs/beats/learn/epoch_choice.h"
#include "jobs/beats/report/score_columns.h"
#include "jobs/beats/report/training_log.h"
#include "jobs/beats/training_setup.h"
#include "jobs/beats/unit_beats.h"

namespace xorch {

namespace beats {

namespace {

struct Choice {
    EarlyStop stop;
    std::int64_t epochs = 0;    // looked at
    bool is_cut_short = false;  // the log ends while the search would go on
};

Choice choose(const LoggedTraining& training, CheckpointScore kind, const Patience& patience) {
    Choice choice;
    for (const LoggedEpoch& epoch : training.epochs) {
        choice.stop.observe(checkpoint_score(score(epoch.val), kind), epoch.epoch);
        choice.epochs = epoch.epoch;
        if (patience.is_over(choice.stop, epoch.epoch)) return choice;
    }
    const Value* epochs = find_member(training.config, "epochs");
    choice.is_cut_short = epochs == nullptr || *epochs != Value(choice.epochs);
    return choice;
}

// Of the best epoch as the training chose it, in per cent; absent where it is 0 there.
void add_change(Object& row, double value, double baseline) {
    const auto change = relative_change(value, baseline);
    if (change) set_member(row, "val_rare_change", *change);
    set_member(row, "baseline_zero", !change.has_value());
}

Result<CheckpointScore> logged_score(const LoggedTraining& training) {
    const Value* name = find_member(training.config, "score");
    const auto* text = name == nullptr ? nullptr : name->get_if<std::string>();
    return parse_checkpoint_score(text == nullptr ? "" : *text);
}

}  // namespace

}  // namespace beats

Result<JobEnd> run_beats_rescore(NativeUnit& unit) {
    using namespace beats;
    const auto path = input_artifact(unit, "train", log_name);
    if (!path) return tl::unexpected(path.error());
    PosixDisk disk;
    const auto text = disk.read(*path);
    if (!text) return tl::unexpected(text.error());
    const auto training = parse_training_log(*text);
    if (!training) return fail_with_context(training.error(), *path);
    const auto before = logged_score(*training);
    if (!before) return fail_with_context(before.error(), *path);
    const Patience patience = patience_of(unit.params());
    const Choice first = choose(*training, *before, patience);
    const Choice again = choose(*training, score_of(unit.params()), patience);
    const auto epoch_of = [&](const Choice& choice) -> const LoggedEpoch& {
        return training->epochs[static_cast<std::size_t>(choice.stop.best_epoch) - 1];
    };
    const LoggedEpoch& best = epoch_of(again);
    Object row;
    set_member(row, "best_epoch", again.stop.best_epoch);
    set_member(row, "best_epoch_before", first.stop.best_epoch);
    set_member(row, "epochs_run", again.epochs);
    set_member(row, "best_score", again.stop.best_score);
    add_columns(row, "val", best.val);
    add_columns(row, "gen", best.gen);
    add_change(row, score(best.val).rare_macro_f1, score(epoch_of(first).val).rare_macro_f1);
    std::vector<std::string_view> checks;
    if (again.is_cut_short) checks.push_back(check_log_ends_first);
    if (!collapse_of(best.val).empty()) checks.push_back(check_collapse);
    set_member(row, checks_column, reported_checks_cell(checks));
    if (auto reported = unit.report(row); !reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

}  // namespace xorch
