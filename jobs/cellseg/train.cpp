// cellseg.train: steps of training on crops that depend on (seed, budget, repeat, epoch, batch)
// alone, then an evaluation. A checkpoint holds weights, optimizer, the place in the epoch and the
// losses so far; what comes after it is the same as if nothing had happened. The ranks of a gang
// share each batch and the images to score; no crop depends on who cuts it.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/check.h"
#include "core/io/posix_disk.h"
#include "jobs/cellseg/checks.h"
#include "jobs/cellseg/images/crop.h"
#include "jobs/cellseg/jobs.h"
#include "jobs/cellseg/learn/schedule.h"
#include "jobs/cellseg/learn/trainer.h"
#include "jobs/cellseg/scoring.h"
#include "jobs/cellseg/training_set.h"
#include "jobs/cellseg/unit_images.h"
#include "jobs/collective/rank_share.h"
#include "jobs/unit_artifacts.h"

namespace xorch {

namespace cellseg {

namespace {

CropTransform draw_transform(RandomStream& random, double scale_range) {
    CropTransform transform;
    transform.flip = random.chance(0.5);
    transform.angle = random.uniform(0.0, 2.0 * std::numbers::pi);
    transform.scale = random.uniform(1.0 - scale_range / 2.0, 1.0 + scale_range / 2.0);
    transform.shift_y = random.uniform(-1.0, 1.0);
    transform.shift_x = random.uniform(-1.0, 1.0);
    return transform;
}

// One run of training, from its parameters to its record.
class TrainingRun {
 public:
    TrainingRun(NativeUnit& unit, TrainingSet set, std::vector<CellImage> eval_images)
        : unit_(unit),
          set_(std::move(set)),
          trainer_(
              {.width = integer("width"),
               .weight_decay = unit.params().number("weight_decay"),
               .seed = stream("weights").bits64()},
              &unit.ranks()
          ),
          rates_(learning_rates(unit.params().number("lr"), static_cast<int>(integer("epochs")))) {
        const std::int64_t wanted = integer("images_per_epoch");
        const auto available = static_cast<std::int64_t>(set_.images.size());
        replace_ = wanted != 0 && wanted != available;
        per_epoch_ = wanted == 0 ? available : wanted;
        batches_ = (per_epoch_ + integer("batch") - 1) / integer("batch");
        scoring_.images = std::move(eval_images);
        scoring_.tile = static_cast<int>(integer("tile"));
        scoring_.masks = mask_settings(unit.params());
    }

    Result<JobEnd> run() {
        if (auto resumed = resume(); !resumed) return tl::unexpected(resumed.error());
        if (auto aligned = trainer_.align(); !aligned) return tl::unexpected(aligned.error());
        const auto trained = train();
        if (!trained || *trained == JobEnd::checkpointed) return trained;
        const std::unique_ptr<Predictor> predictor = trainer_.predictor();
        const auto scored = score_split(unit_, *predictor, scoring_, [&](std::int64_t images) {
            return save(total_steps() + images);
        });
        if (!scored || *scored == JobEnd::checkpointed) return scored;
        if (unit_.leads()) {
            const auto written = write_artifacts(*predictor);
            if (!written) return tl::unexpected(written.error());
        }
        if (auto reported = unit_.report(record()); !reported) {
            return tl::unexpected(reported.error());
        }
        return JobEnd::done;
    }

 private:
    std::int64_t integer(std::string_view name) const { return unit_.params().integer(name); }

    std::int64_t total_steps() const { return integer("epochs") * batches_; }

    RandomStream stream(std::string_view purpose, std::int64_t epoch = 0, std::int64_t at = 0)
        const {
        return unit_.stream(purpose, {integer("budget"), integer("repeat"), epoch, at});
    }

    // Of which image is cut where. Cellpose's train_seg seeds NumPy with the epoch's number.
    RandomStream drawing(std::string_view purpose, std::int64_t epoch, std::int64_t at = 0) const {
        if (unit_.params().flag("compat_epoch_seed")) return RandomStream(0, purpose, {epoch, at});
        return stream(purpose, epoch, at);
    }

    Result<void> resume() {
        const auto saved = unit_.resume();
        if (!saved) return tl::unexpected(saved.error());
        if (!*saved) return start();
        const JobState& state = **saved;
        const auto step = state.integer("step");
        const auto losses = state.numbers("losses");
        const auto loss_sum = state.number("loss_sum");
        auto scores = load_scores(state, scoring_.images);
        if (!step) return tl::unexpected(step.error());
        if (!losses) return tl::unexpected(losses.error());
        if (!loss_sum) return tl::unexpected(loss_sum.error());
        if (!scores) return tl::unexpected(scores.error());
        step_ = *step;
        losses_ = *losses;
        loss_sum_ = *loss_sum;
        scoring_.scores = std::move(*scores);
        return trainer_.load(state);
    }

    // From the weights of another unit, or of the user's, if there are any.
    Result<void> start() {
        const auto place = find_model(unit_);
        if (!place) return tl::unexpected(place.error());
        if (!*place) return {};
        PosixDisk disk;
        const auto model = load_job_state(disk, (*place)->path);
        auto started = model ? trainer_.start_from(*model) : tl::unexpected(model.error());
        if (!started) return fail_with_context(started.error(), (*place)->path);
        return started;
    }

    Result<void> save(std::int64_t number) {
        JobState state;
        set_member(state.values, "step", step_);
        set_member(state.values, "loss_sum", loss_sum_);
        state.add_numbers("losses", losses_);
        store_scores(state, scoring_.scores);
        trainer_.store(state);
        return unit_.checkpoint(number, state);
    }

    Result<JobEnd> train() {
        while (step_ < total_steps()) {
            const std::int64_t epoch = step_ / batches_;
            const std::int64_t batch = step_ % batches_;
            if (batch == 0 || order_.empty()) order_ = draw_order(epoch);
            const auto loss = take_step(epoch, batch);
            if (!loss) {
                return fail_with_context(loss.error(), fmt::format("epoch {}", epoch));
            }
            loss_sum_ += *loss;
            ++step_;
            if (step_ % batches_ == 0) {
                losses_.push_back(loss_sum_ / static_cast<double>(batches_));
                loss_sum_ = 0.0;
            }
            unit_.progress(step_, total_steps());
            if (!unit_.should_checkpoint()) continue;
            if (auto saved = save(step_); !saved) return tl::unexpected(saved.error());
            if (unit_.should_stop()) return JobEnd::checkpointed;
        }
        return JobEnd::done;
    }

    // Which image is at each place of the epoch.
    std::vector<std::size_t> draw_order(std::int64_t epoch) const {
        RandomStream random = drawing("order", epoch);
        if (!replace_) return random.permutation(set_.images.size());
        std::vector<std::size_t> order(static_cast<std::size_t>(per_epoch_));
        for (std::size_t& image : order) {
            image = random.below(set_.images.size());
        }
        return order;
    }

    Result<double> take_step(std::int64_t epoch, std::int64_t batch) {
        const std::int64_t first = batch * integer("batch");
        const std::int64_t items = std::min(integer("batch"), per_epoch_ - first);
        const RankShare own = share_of(items, unit_.ranks());
        const int count = static_cast<int>(own.size());
        const int size = static_cast<int>(integer("crop"));
        Batch images(count, size, size);
        Batch targets(count, size, size);
        for (int item = 0; item < count; ++item) {
            const std::int64_t place = first + own.begin + item;
            RandomStream random = drawing("crop", epoch, place);
            cut_crop(
                set_.images[order_[static_cast<std::size_t>(place)]],
                draw_transform(random, unit_.params().number("scale_range")),
                {.image = images.item(item), .target = targets.item(item), .size = size}
            );
        }
        return trainer_.step(images, targets, rates_[static_cast<std::size_t>(epoch)]);
    }

    Result<void> write_artifacts(Predictor& predictor) {
        auto written = write_scoring_artifacts(unit_, predictor, scoring_);
        if (!written) return written;
        std::string table = "epoch\tlr\tloss\n";
        for (std::size_t epoch = 0; epoch < losses_.size(); ++epoch) {
            table += fmt::format("{}\t{}\t{}\n", epoch, rates_[epoch], losses_[epoch]);
        }
        written = leave_text(unit_, "history.tsv", table);
        if (!written) return written;
        const auto model = unit_.artifact(fmt::format("{}/state.json", model_folder));
        if (!model) return tl::unexpected(model.error());
        const std::string folder = model->substr(0, model->rfind('/'));
        PosixDisk disk;
        return save_job_state(disk, folder, trainer_.model());
    }

    Object record() const {
        Object row;
        // The axes `budget` and `repeat` are columns of the table already.
        set_member(row, "train_n", static_cast<std::int64_t>(set_.images.size()));
        set_member(row, "eval_split", unit_.params().text("eval_split"));
        set_member(row, "model_path", model_folder);
        add_scores(row, scoring_.scores);
        set_member(row, "budget_effective", set_.effective);
        set_member(row, "clamped_duplicate_of", set_.duplicate_of);
        set_member(row, "steps", total_steps());
        // Without an epoch the network is the one that it started from.
        if (!losses_.empty()) set_member(row, "final_loss", losses_.back());
        const RateReached reached = rate_reached(rates_, integer("epochs"));
        set_member(row, "lr_max_reached", reached.greatest);
        set_member(row, "lr_sum", reached.sum);
        set_member(row, checks_column, checks(reached));
        return row;
    }

    // What makes its numbers say less than they seem to.
    Value checks(const RateReached& reached) const {
        std::vector<std::string_view> names;
        if (!set_.duplicate_of.empty()) names.push_back(check_clamped_duplicate);
        if (integer("epochs") > 0 && reached.is_short(unit_.params().number("lr"))) {
            names.push_back(check_lr_never_reached);
        }
        if (unit_.params().flag("compat_epoch_seed")) names.push_back(check_epoch_seed);
        return reported_checks_cell(names);
    }

    NativeUnit& unit_;
    TrainingSet set_;
    Trainer trainer_;
    std::vector<double> rates_;  // by epoch
    Scoring scoring_;
    bool replace_ = false;
    std::int64_t per_epoch_ = 0;
    std::int64_t batches_ = 0;        // of an epoch
    std::int64_t step_ = 0;           // steps taken
    std::vector<std::size_t> order_;  // of the epoch's images
    std::vector<double> losses_;      // mean of each finished epoch
    double loss_sum_ = 0.0;           // of the epoch that runs
};

// A warm-up that never ends is the commonest reason for a curve that shows nothing.
void warn_of_short_warm_up(const Parameters& params) {
    const std::int64_t epochs = params.integer("epochs");
    const RateReached reached = rate_reached(learning_rates(1.0, static_cast<int>(epochs)), epochs);
    if (epochs == 0 || !reached.is_short(1.0)) return;
    fmt::print(
        "warning: with {} epochs the warm-up ends at {:.0f} % of lr; ten epochs reach it\n",
        epochs,
        100.0 * reached.greatest
    );
}

}  // namespace

}  // namespace cellseg

Result<JobEnd> run_cellseg_train(NativeUnit& unit) {
    using namespace cellseg;
    for (const auto& [name, of] : {
             std::pair{"crop",  8 },
             {"width", 4 },
             {"tile",  16}
    }) {
        if (auto ok = check_multiple(unit.params(), name, of); !ok) {
            return tl::unexpected(ok.error());
        }
    }
    if (unit.leads()) warn_of_short_warm_up(unit.params());
    const auto folder = data_folder(unit);
    if (!folder) return tl::unexpected(folder.error());
    const auto files = list_cells(*folder);
    if (!files) return tl::unexpected(files.error());
    const auto eval_files = files_of_split(*files, unit.params().text("eval_split"), *folder);
    if (!eval_files) return tl::unexpected(eval_files.error());
    auto eval_images = load_cell_images(*eval_files, image_settings(unit.params()));
    if (!eval_images) return tl::unexpected(eval_images.error());
    auto set = load_training_set(unit, *files, *folder);
    if (!set) return tl::unexpected(set.error());
    return TrainingRun(unit, std::move(*set), std::move(*eval_images)).run();
}

}  // namespace xorch
