// anomaly.train: the small encoder learns on made images that depend on (seed, step, place in the
// batch) alone. A checkpoint holds weights, optimizer and the losses so far; the last step counts,
// since there is no set to choose a better one by.

#include <algorithm>
#include <numeric>

#include "core/statistics/float_auroc.h"
#include "jobs/anomaly/data/class_images.h"
#include "jobs/anomaly/data/synthetic.h"
#include "jobs/anomaly/encode/branches.h"
#include "jobs/anomaly/encode/part_encoder.h"
#include "jobs/anomaly/jobs.h"

namespace xorch {

namespace anomaly {

namespace {

// Of a patch: what has fewer abnormal pixels is not learned from unless it has none.
constexpr double abnormal_share = 0.1;
// Held-out images have numbers that no step comes to.
constexpr std::int64_t first_held_out = std::int64_t{1} << 40;

std::vector<int> label_patches(const TruthMask& mask) {
    constexpr int side = 15;  // of the encoder's grid
    const int pixels = mask.height / side;
    std::vector<int> labels;
    for (int patch = 0; patch < side * side; ++patch) {
        int abnormal = 0;
        for (int i = 0; i < pixels * pixels; ++i) {
            abnormal +=
                mask.at(patch / side * pixels + i / pixels, patch % side * pixels + i % pixels);
        }
        const bool enough = abnormal > abnormal_share * pixels * pixels;
        labels.push_back(enough ? 1 : abnormal > 0 ? -1 : 0);
    }
    return labels;
}

LabelledImage auxiliary_image(std::uint64_t seed, std::int64_t number) {
    const Painting made = paint_auxiliary(seed, number);
    const std::vector<int> labels = label_patches(made.mask);
    return {
        .planes = input_of(made.picture),
        .patches = labels,
        .whole = *std::max_element(labels.begin(), labels.end()) > 0 ? 1 : 0};
}

class EncoderTraining {
 public:
    explicit EncoderTraining(NativeUnit& unit)
        : unit_(unit),
          steps_(unit.params().integer("steps")),
          trainer_(
              {.learning_rate = unit.params().number("lr"),
               .scale = unit.params().number("scale"),
               .seed = unit.stream("weights").bits64()}
          ) {}

    Result<JobEnd> run() {
        if (auto resumed = resume(); !resumed) return tl::unexpected(resumed.error());
        while (static_cast<std::int64_t>(losses_.size()) < steps_) {
            if (auto stepped = step(); !stepped) return tl::unexpected(stepped.error());
            const auto done = static_cast<std::int64_t>(losses_.size());
            unit_.progress(done, steps_);
            if (!unit_.should_checkpoint()) continue;
            JobState state;
            state.add_numbers("losses", losses_);
            trainer_.store(state);
            if (auto saved = unit_.checkpoint(done, state); !saved) {
                return tl::unexpected(saved.error());
            }
            if (unit_.should_stop()) return JobEnd::checkpointed;
        }
        return finish();
    }

 private:
    Result<void> resume() {
        const auto saved = unit_.resume();
        if (!saved) return tl::unexpected(saved.error());
        if (!*saved) return {};
        auto losses = (*saved)->numbers("losses");
        if (!losses) return tl::unexpected(losses.error());
        losses_ = std::move(*losses);
        return trainer_.load(**saved);
    }

    Result<void> step() {
        const std::int64_t batch = unit_.params().integer("batch");
        std::vector<LabelledImage> images;
        for (std::int64_t i = 0; i < batch; ++i) {
            const auto steps_before = static_cast<std::int64_t>(losses_.size());
            images.push_back(auxiliary_image(unit_.seed(), steps_before * batch + i));
        }
        const auto loss = trainer_.step(images);
        if (!loss) return tl::unexpected(loss.error());
        losses_.push_back(*loss);
        return {};
    }

    Result<JobEnd> finish() {
        Object row;
        const auto last = std::max<std::ptrdiff_t>(1, steps_ / 10);
        const double sum = std::accumulate(losses_.end() - last, losses_.end(), 0.0);
        set_member(row, "train_loss", sum / static_cast<double>(last));
        if (auto measured = measure(row); !measured) return tl::unexpected(measured.error());
        const auto folder = unit_.artifact("encoder");
        if (!folder) return tl::unexpected(folder.error());
        if (auto written = trainer_.write(*folder); !written) {
            return tl::unexpected(written.error());
        }
        if (auto reported = unit_.report(row); !reported) return tl::unexpected(reported.error());
        return JobEnd::done;
    }

    Result<void> measure(Object& row) const {
        const auto encoder = trainer_.encoder();
        const auto texts = encoder->texts("part");
        if (!texts) return tl::unexpected(texts.error());
        const double scale = unit_.params().number("scale");
        std::vector<float> images[2];   // normal, abnormal
        std::vector<float> patches[2];  // likewise
        for (std::int64_t i = 0; i < unit_.params().integer("held_out"); ++i) {
            const LabelledImage image = auxiliary_image(unit_.seed(), first_held_out + i);
            const auto encoded = encoder->encode(image.planes);
            if (!encoded) return tl::unexpected(encoded.error());
            images[image.whole].push_back(semantic_scores(encoded->whole, *texts, scale)[0]);
            const std::vector<float> scores = semantic_scores(encoded->patches, *texts, scale);
            for (std::size_t patch = 0; patch < scores.size(); ++patch) {
                if (image.patches[patch] >= 0)
                    patches[image.patches[patch]].push_back(scores[patch]);
            }
        }
        add_area(row, "image_auroc", images);
        add_area(row, "patch_auroc", patches);
        return {};
    }

    static void add_area(Object& row, const char* name, const std::vector<float> (&sides)[2]) {
        const auto area = float_auroc(sides[1], sides[0]);
        set_member(row, name, area ? Value(100 * *area) : Value());
    }

    NativeUnit& unit_;
    std::int64_t steps_;
    PartTrainer trainer_;
    std::vector<double> losses_;
};

}  // namespace

}  // namespace anomaly

Result<JobEnd> run_anomaly_train(NativeUnit& unit) {
    return anomaly::EncoderTraining(unit).run();
}

}  // namespace xorch
