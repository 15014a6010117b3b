// beats.train: epochs of steps on batches that depend on (seed, epoch, batch) alone; after each
// epoch the validation beats decide over learning rate, best epoch and end. The generalisation
// beats are measured and told, and decide nothing. A checkpoint holds the place in the epoch, the
// weights, the best ones, optimizer, what was decided so far and the log.

#include <fmt/core.h>

#include <algorithm>

#include "core/check.h"
#include "core/io/posix_disk.h"
#include "jobs/beats/balance_report.h"
#include "jobs/beats/jobs.h"
#include "jobs/beats/report/confusion_picture.h"
#include "jobs/beats/report/score_columns.h"
#include "jobs/beats/report/training_log.h"
#include "jobs/beats/training_setup.h"
#include "jobs/beats/unit_beats.h"
#include "jobs/files/png_file.h"

namespace xorch {

namespace beats {

namespace {

constexpr const char* model_folder = "model";

struct Measured {
    Evaluation val;
    Evaluation gen;
};

// One run of training, from its parameters to its record.
class TrainingRun {
 public:
    TrainingRun(NativeUnit& unit, const TrainingSetup& setup, BeatSplits beats)
        : unit_(unit),
          setup_(setup),
          beats_(std::move(beats)),
          balance_(balance(setup, count_classes(beats_.train.classes))),
          trainer_(seeded(setup.student)),
          log_(disk_),
          plateau_(setup.plateau) {
        const auto beats_to_train = static_cast<std::int64_t>(beats_.train.size());
        batches_ = (beats_to_train + setup_.batch - 1) / setup_.batch;
    }

    Result<JobEnd> run() {
        const auto begun = begin();
        if (!begun) return tl::unexpected(begun.error());
        while (!is_over()) {
            if (auto stepped = take_step(); !stepped) {
                return fail_with_context(stepped.error(), fmt::format("epoch {}", epoch_));
            }
            if (batch_ == batches_) {
                if (auto ended = end_epoch(); !ended) return tl::unexpected(ended.error());
            }
            unit_.progress((epoch_ - 1) * batches_ + batch_, setup_.epochs * batches_);
            if (!unit_.should_checkpoint()) continue;
            if (auto saved = save(); !saved) return tl::unexpected(saved.error());
            if (unit_.should_stop()) return JobEnd::checkpointed;
        }
        if (auto reported = report(); !reported) return tl::unexpected(reported.error());
        return JobEnd::done;
    }

 private:
    StudentSettings seeded(StudentSettings settings) const {
        settings.seed = unit_.stream("weights").bits64();
        return settings;
    }

    bool is_over() const {
        return epoch_ > setup_.epochs ||
               (batch_ == 0 && setup_.patience.is_over(stop_, epoch_ - 1));
    }

    Result<void> begin() {
        const auto saved = unit_.resume();
        if (!saved) return tl::unexpected(saved.error());
        std::string text;
        if (*saved) {
            auto log = load(**saved);
            if (!log) return tl::unexpected(log.error());
            text = *log;
        }
        const auto path = unit_.artifact(log_name);
        if (!path) return tl::unexpected(path.error());
        auto opened = log_.open(*path, text);
        if (!opened || !text.empty()) return opened;
        fmt::print("{}", describe_balance(setup_, balance_));
        Object start;
        set_member(start, "config", config());
        add_balance_event(start, setup_, balance_);
        const auto [low, high] =
            std::minmax_element(beats_.train.windows.begin(), beats_.train.windows.end());
        set_member(
            start, "data_range", Array{static_cast<double>(*low), static_cast<double>(*high)}
        );
        return log_.append("start", start);
    }

    // The parameters; a path would tell equal units apart.
    Object config() const {
        Object values;
        for (const auto& [name, value] : unit_.params().values()) {
            if (name != "data") set_member(values, name, value);
        }
        return values;
    }

    Result<void> take_step() {
        const PerClass weights =
            warmed(balance_.ce_weights, warm_up_alpha(static_cast<int>(epoch_), setup_.warm_up));
        if (batch_ == 0) {
            if (auto begun = begin_epoch(weights); !begun) return begun;
        }
        if (order_.empty()) order_ = draw_order();
        const auto first = static_cast<std::size_t>(batch_ * setup_.batch);
        const std::size_t beats =
            std::min(static_cast<std::size_t>(setup_.batch), order_.size() - first);
        const BeatBatch batch = gather(beats_.train, std::span(order_).subspan(first, beats));
        const auto loss = trainer_.step(
            batch,
            {.learning_rate = plateau_.rate,
             .loss = loss_of(setup_, weights),
             .dropout_seed = unit_.stream("dropout", {epoch_, batch_}).bits64()}
        );
        if (!loss) return tl::unexpected(loss.error());
        loss_sum_ += *loss * static_cast<double>(beats);
        ++batch_;
        return {};
    }

    Result<void> begin_epoch(const PerClass& weights) {
        Object event;
        set_member(event, "epoch", epoch_);
        set_member(event, "warmup_alpha", warm_up_alpha(static_cast<int>(epoch_), setup_.warm_up));
        set_member(event, "ce_weights", to_value(weights));
        set_member(
            event,
            "stack_sampler_with_ce",
            setup_.sampler.has_value() && setup_.beside_sampler == BesideSampler::full
        );
        set_member(event, "lr", plateau_.rate);
        return log_.append("epoch_start", event);
    }

    // Which beat is at each place of the epoch.
    std::vector<std::size_t> draw_order() const {
        RandomStream random = unit_.stream("sampler", {epoch_});
        if (!setup_.sampler) return random.permutation(beats_.train.size());
        return draw_beats(random, balance_.plan.mix, beats_.train.classes);
    }

    Result<Measured> measure() {
        const auto classifier = trainer_.classifier();
        const auto val = evaluate(*classifier, beats_.val, setup_.batch);
        if (!val) return tl::unexpected(val.error());
        const auto gen = evaluate(*classifier, beats_.generalisation, setup_.batch);
        if (!gen) return tl::unexpected(gen.error());
        return Measured{.val = *val, .gen = *gen};
    }

    Result<void> end_epoch() {
        const auto measured = measure();
        if (!measured) return tl::unexpected(measured.error());
        const Scores val = score(measured->val.confusion);
        const double chosen_by = checkpoint_score(val, setup_.score);
        const double train_loss = loss_sum_ / static_cast<double>(beats_.train.size());
        plateau_.observe(measured->val.loss);
        Object event;
        set_member(event, "epoch", epoch_);
        set_member(event, "train_loss", train_loss);
        add_measured(event, *measured);
        set_member(event, "checkpoint_score", chosen_by);
        fmt::print(
            "epoch {}/{}: loss {:.4f}, val loss {:.4f} {}, gen {}, score {:.4f}\n",
            epoch_,
            setup_.epochs,
            train_loss,
            measured->val.loss,
            describe(val),
            describe(score(measured->gen.confusion)),
            chosen_by
        );
        if (auto logged = log_.append("epoch", event); !logged) return logged;
        last_collapse_ = collapse_of(measured->val.confusion);
        if (!last_collapse_.empty()) ++collapsed_epochs_;
        if (stop_.observe(chosen_by, epoch_)) {
            trainer_.keep_best();
            if (auto logged = log_.append("best", event); !logged) return logged;
        }
        ++epoch_;
        batch_ = 0;
        loss_sum_ = 0;
        order_.clear();
        return {};
    }

    static void add_measured(Object& event, const Measured& measured) {
        set_member(event, "val_loss", measured.val.loss);
        add_summary(event, "val", score(measured.val.confusion));
        set_member(event, "val_probabilities", to_value(measured.val.mean_probability));
        set_member(event, "gen_loss", measured.gen.loss);
        add_summary(event, "gen", score(measured.gen.confusion));
        set_member(event, "gen_probabilities", to_value(measured.gen.mean_probability));
        set_member(event, "confusion", to_value(measured.val.confusion));
        set_member(event, "gen_confusion", to_value(measured.gen.confusion));
    }

    Result<void> save() {
        JobState state;
        set_member(state.values, "epoch", epoch_);
        set_member(state.values, "batch", batch_);
        set_member(state.values, "loss_sum", loss_sum_);
        set_member(state.values, "best_score", stop_.best_score);
        set_member(state.values, "best_epoch", stop_.best_epoch);
        set_member(state.values, "waited", stop_.waited);
        set_member(state.values, "rate", plateau_.rate);
        set_member(state.values, "best_loss", plateau_.best_loss);
        set_member(state.values, "bad_epochs", plateau_.bad_epochs);
        set_member(state.values, "collapsed_epochs", collapsed_epochs_);
        set_member(state.values, "last_collapse", last_collapse_);
        set_member(state.values, "log", log_.text());
        trainer_.store(state);
        return unit_.checkpoint((epoch_ - 1) * batches_ + batch_, state);
    }

    // The log so far.
    Result<std::string> load(const JobState& state) {
        for (const auto& [name, to] : {
                 std::pair{"epoch",            &epoch_             },
                 {"batch",            &batch_             },
                 {"best_epoch",       &stop_.best_epoch   },
                 {"waited",           &stop_.waited       },
                 {"bad_epochs",       &plateau_.bad_epochs},
                 {"collapsed_epochs", &collapsed_epochs_  }
        }) {
            const auto value = state.integer(name);
            if (!value) return tl::unexpected(value.error());
            *to = *value;
        }
        for (const auto& [name, to] : {
                 std::pair{"loss_sum",   &loss_sum_         },
                 {"best_score", &stop_.best_score  },
                 {"rate",       &plateau_.rate     },
                 {"best_loss",  &plateau_.best_loss}
        }) {
            const auto value = state.number(name);
            if (!value) return tl::unexpected(value.error());
            *to = *value;
        }
        const auto collapse = state.text("last_collapse");
        if (!collapse) return collapse;
        last_collapse_ = *collapse;
        if (auto loaded = trainer_.load(state); !loaded) return tl::unexpected(loaded.error());
        return state.text("log");
    }

    Result<void> report() {
        trainer_.take_best();
        const auto best = measure();
        if (!best) return tl::unexpected(best.error());
        Object event;
        set_member(event, "epoch", stop_.best_epoch);
        add_measured(event, *best);
        set_member(event, "checkpoint_score", stop_.best_score);
        if (auto logged = log_.append("final", event); !logged) return logged;
        if (auto written = write_artifacts(*best); !written) return written;
        return unit_.report(record(*best));
    }

    Result<void> write_artifacts(const Measured& best) {
        const auto picture = unit_.artifact("confusion.png");
        if (!picture) return tl::unexpected(picture.error());
        auto written = write_png(
            *picture,
            draw_confusions({
                {"validation", best.val.confusion},
                {"others",     best.gen.confusion}
        })
        );
        if (!written) return written;
        const auto model = unit_.artifact(fmt::format("{}/state.json", model_folder));
        if (!model) return tl::unexpected(model.error());
        return save_job_state(disk_, model->substr(0, model->rfind('/')), trainer_.model());
    }

    Object record(const Measured& best) const {
        Object row;
        set_member(row, "best_epoch", stop_.best_epoch);
        set_member(row, "epochs_run", epoch_ - 1);
        set_member(row, "best_score", stop_.best_score);
        add_columns(row, "val", best.val.confusion);
        add_columns(row, "gen", best.gen.confusion);
        set_member(row, "val_loss", best.val.loss);
        set_member(row, "gen_loss", best.gen.loss);
        set_member(row, "final_lr", plateau_.rate);
        set_member(row, "train_n", static_cast<std::int64_t>(beats_.train.size()));
        add_balance_columns(row, balance_);
        set_member(row, "collapsed_epochs", collapsed_epochs_);
        set_member(row, "last_collapse", last_collapse_);
        set_member(
            row, checks_column, reported_checks_cell(checks_of(balance_, best.val.confusion))
        );
        set_member(row, "model_path", model_folder);
        return row;
    }

    NativeUnit& unit_;
    PosixDisk disk_;
    TrainingSetup setup_;
    BeatSplits beats_;
    Balance balance_;
    StudentTrainer trainer_;
    TrainingLog log_;
    Plateau plateau_;
    EarlyStop stop_;
    std::int64_t batches_ = 0;        // of an epoch
    std::int64_t epoch_ = 1;          // that runs
    std::int64_t batch_ = 0;          // steps taken in it
    double loss_sum_ = 0;             // over its beats
    std::vector<std::size_t> order_;  // of its beats
    std::string last_collapse_;       // of the validation beats after the last epoch
    std::int64_t collapsed_epochs_ = 0;
};

}  // namespace

}  // namespace beats

Result<JobEnd> run_beats_train(NativeUnit& unit) {
    using namespace beats;
    const auto setup = read_setup(unit.params());
    if (!setup) return tl::unexpected(setup.error());
    auto beats = beats_of(unit);
    if (!beats) return tl::unexpected(beats.error());
    return TrainingRun(unit, *setup, std::move(*beats)).run();
}

}  // namespace xorch
