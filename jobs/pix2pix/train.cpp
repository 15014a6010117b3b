// pix2pix.train: epochs of steps on batches that depend on (seed, epoch, batch) alone; after each
// epoch the validation pairs say whether it is the best so far. The best generator is left, never
// the last. A checkpoint holds the place in the epoch, both networks, the best generator, both
// optimizers and the history.

#include <fmt/core.h>

#include <algorithm>

#include "core/check.h"
#include "jobs/pix2pix/evaluation.h"
#include "jobs/pix2pix/jobs.h"
#include "jobs/pix2pix/scores/hard_sampler.h"
#include "jobs/pix2pix/training_setup.h"
#include "jobs/unit_artifacts.h"

namespace xorch {

namespace pix2pix {

namespace {

constexpr const char* history_header =
    "epoch,lr,loss_g,loss_d,mean_l1,mean_psnr_sample,"
    "landmark6_proxy_score,failed_count_fixed,is_best\n";

// One run of training, from its parameters to its record.
class PairTraining {
 public:
    PairTraining(NativeUnit& unit, TrainingPairs pairs, std::optional<Baseline> baseline)
        : unit_(unit),
          params_(unit.params()),
          pairs_(std::move(pairs)),
          baseline_(std::move(baseline)),
          trainer_(trainer_settings(unit)),
          history_(history_header) {
        const auto items = static_cast<std::int64_t>(pairs_.learned.size());
        const std::int64_t batch = params_.integer("batch");
        batches_ = (items + batch - 1) / batch;
    }

    Result<JobEnd> run() {
        if (auto begun = begin(); !begun) return tl::unexpected(begun.error());
        const std::int64_t epochs = params_.integer("epochs");
        while (epoch_ <= epochs) {
            if (auto stepped = take_step(); !stepped) {
                return fail_with_context(stepped.error(), fmt::format("epoch {}", epoch_));
            }
            if (batch_ == batches_) {
                if (auto ended = end_epoch(); !ended) return tl::unexpected(ended.error());
            }
            unit_.progress((epoch_ - 1) * batches_ + batch_, epochs * batches_);
            if (!unit_.should_checkpoint()) continue;
            if (auto saved = save(); !saved) return tl::unexpected(saved.error());
            if (unit_.should_stop()) return JobEnd::checkpointed;
        }
        if (auto reported = report(); !reported) return tl::unexpected(reported.error());
        return JobEnd::done;
    }

 private:
    Result<void> begin() {
        auto regions = regions_of_set(pairs_.splits.train(), params_);
        if (!regions) return tl::unexpected(regions.error());
        regions_ = std::move(*regions);
        const auto saved = unit_.resume();
        if (!saved) return tl::unexpected(saved.error());
        if (*saved) return load(**saved);
        return {};
    }

    // Which learned pair is at each place of the epoch.
    std::vector<std::size_t> draw_order() const {
        if (!pairs_.shares.empty()) return draw_epoch(unit_.seed(), epoch_, pairs_.shares);
        return unit_.stream("order", {epoch_}).permutation(pairs_.learned.size());
    }

    Result<void> take_step() {
        if (order_.empty()) order_ = draw_order();
        const auto size = static_cast<std::size_t>(params_.integer("batch"));
        const std::size_t first = static_cast<std::size_t>(batch_) * size;
        const std::size_t last = std::min(first + size, order_.size());
        std::vector<std::size_t> pairs;
        PairBatch batch;
        for (std::size_t place = first; place < last; ++place) {
            const std::size_t pair = pairs_.learned[order_[place]];
            pairs.push_back(pair);
            const Plane target = target_plane(pairs_.splits.train(), pair);
            batch.targets.insert(batch.targets.end(), target.values.begin(), target.values.end());
            batch.regions.push_back(regions_[pair]);
            if (!pairs_.hard.empty() && pairs_.hard[order_[place]]) ++hard_drawn_;
        }
        batch.photos = photos_of(pairs_.splits.train(), pairs);
        const auto losses = trainer_.step(
            batch,
            {.learning_rate = learning_rate(params_, epoch_),
             .dropout_seed = unit_.stream("dropout", {epoch_, batch_}).bits64()}
        );
        if (!losses) return tl::unexpected(losses.error());
        generator_sum_ += losses->generator;
        judge_sum_ += losses->judge;
        ++batch_;
        return {};
    }

    Result<PairEvaluation> validate() {
        return evaluate_pairs(*trainer_.translator(), pairs_.splits.val(), params_, baseline_);
    }

    Result<void> end_epoch() {
        const auto evaluation = validate();
        if (!evaluation) return tl::unexpected(evaluation.error());
        const ValidationSummary& summary = evaluation->summary;
        const std::vector<double> key = phase_key(summary, best_key(params_));
        const bool is_best = best_.empty() || key < best_;  // a tie keeps the earlier epoch
        if (is_best) {
            best_ = key;
            best_epoch_ = epoch_;
            trainer_.keep_best();
        }
        const auto batches = static_cast<double>(batches_);
        history_ += fmt::format(
            "{},{},{},{},{},{},{},{},{:d}\n",
            epoch_,
            learning_rate(params_, epoch_),
            generator_sum_ / batches,
            judge_sum_ / batches,
            summary.means.l1,
            summary.means.psnr_sample,
            summary.means.proxy,
            summary.failed ? std::to_string(summary.failed->size()) : "",
            is_best
        );
        fmt::print(
            "epoch {}/{}: loss {:.3f}, judge {:.3f}, val l1 {:.4f}, proxy {:.4f}{}\n",
            epoch_,
            params_.integer("epochs"),
            generator_sum_ / batches,
            judge_sum_ / batches,
            summary.means.l1,
            summary.means.proxy,
            is_best ? ", the best so far" : ""
        );
        ++epoch_;
        batch_ = 0;
        generator_sum_ = 0;
        judge_sum_ = 0;
        order_.clear();
        return {};
    }

    Result<void> save() {
        JobState state;
        set_member(state.values, "history", history_);
        state.add_numbers("best", best_);
        state.add_numbers("sums", {generator_sum_, judge_sum_});
        set_member(state.values, "epoch", epoch_);
        set_member(state.values, "batch", batch_);
        set_member(state.values, "best_epoch", best_epoch_);
        set_member(state.values, "hard_drawn", hard_drawn_);
        trainer_.store(state);
        return unit_.checkpoint((epoch_ - 1) * batches_ + batch_, state);
    }

    Result<void> load(const JobState& state) {
        for (const auto& [name, to] : {
                 std::pair{"epoch",      &epoch_     },
                 {"batch",      &batch_     },
                 {"best_epoch", &best_epoch_},
                 {"hard_drawn", &hard_drawn_}
        }) {
            const auto value = state.integer(name);
            if (!value) return tl::unexpected(value.error());
            *to = *value;
        }
        const auto best = state.numbers("best");
        if (!best) return tl::unexpected(best.error());
        best_ = *best;
        const auto sums = state.numbers("sums");
        if (!sums) return tl::unexpected(sums.error());
        if (sums->size() != 2) return fail(ErrorCode::corrupted, "sums are not two");
        generator_sum_ = (*sums)[0];
        judge_sum_ = (*sums)[1];
        const auto history = state.text("history");
        if (!history) return tl::unexpected(history.error());
        history_ = *history;
        return trainer_.load(state);
    }

    Result<void> report() {
        trainer_.take_best();
        const auto best = validate();
        if (!best) return tl::unexpected(best.error());
        if (auto left = leave_text(unit_, "history.csv", history_); !left) return left;
        if (auto left = leave_state(unit_, model_folder, trainer_.model()); !left) return left;
        if (auto scored = score_fold(); !scored) return scored;
        Object row{
            {"best_epoch", best_epoch_                                     },
            {"train_n",    static_cast<std::int64_t>(pairs_.learned.size())}
        };
        add_summary_columns(row, best->summary);
        if (!pairs_.hard.empty()) {
            set_member(row, "hardcase_hits_in_train_subset", pairs_.hits);
            const std::int64_t drawn =
                params_.integer("epochs") * static_cast<std::int64_t>(pairs_.learned.size());
            set_member(
                row,
                "hard_drawn_share",
                static_cast<double>(hard_drawn_) / static_cast<double>(drawn)
            );
        }
        set_member(row, "model_path", model_folder);
        set_member(row, checks_column, checks_of(params_));
        return unit_.report(row);
    }

    Result<void> score_fold() {
        if (pairs_.left_out.empty()) return {};
        const PairSet fold = subset_of(pairs_.splits.train(), pairs_.left_out);
        const auto scored = evaluate_pairs(*trainer_.translator(), fold, params_, std::nullopt);
        if (!scored) return tl::unexpected(scored.error());
        return leave_text(
            unit_,
            out_of_fold_name,
            format_pair_scores(fold.ids, scored->scores, proxy_weights(params_), std::nullopt)
        );
    }

    NativeUnit& unit_;
    const Parameters& params_;
    TrainingPairs pairs_;
    std::optional<Baseline> baseline_;
    PairTrainer trainer_;
    std::string history_;
    std::vector<Regions> regions_;    // of each training pair
    std::int64_t batches_ = 0;        // of an epoch
    std::int64_t epoch_ = 1;          // that runs
    std::int64_t batch_ = 0;          // steps taken in it
    std::vector<std::size_t> order_;  // of its pairs
    double generator_sum_ = 0;        // of losses, over its steps
    double judge_sum_ = 0;
    std::vector<double> best_;  // key of the best epoch; empty = none yet
    std::int64_t best_epoch_ = 0;
    std::int64_t hard_drawn_ = 0;
};

// Halvings need a side that they divide, and the innermost level two pixels: one alone has no
// deviation to be normalised by.
Result<void> check_side(const Parameters& params, int side) {
    const std::int64_t depth = params.integer("depth");
    if (side % (std::int64_t{1} << depth) == 0 && side >> depth >= 1) return {};
    return fail(
        ErrorCode::invalid_input,
        fmt::format("depth = {}: a canvas of {} pixels cannot be halved so often", depth, side)
    );
}

}  // namespace

}  // namespace pix2pix

Result<JobEnd> run_pix2pix_train(NativeUnit& unit) {
    using namespace pix2pix;
    auto pairs = training_pairs(unit);
    if (!pairs) return tl::unexpected(pairs.error());
    if (auto ok = check_side(unit.params(), pairs->splits.train().side); !ok) {
        return tl::unexpected(ok.error());
    }
    auto baseline = baseline_of(unit);
    if (!baseline) return tl::unexpected(baseline.error());
    if (!*baseline && unit.params().text("best_by") == "failures") {
        return fail(
            ErrorCode::invalid_input,
            "best_by = failures wants a stage of job pix2pix.freeze among the needs"
        );
    }
    return PairTraining(unit, std::move(*pairs), std::move(*baseline)).run();
}

}  // namespace xorch
