#include "jobs/beats/learn/classifier.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/io/posix_disk.h"
#include "jobs/beats/balance/loss.h"
#include "jobs/beats/learn/student_classifier.h"
#include "jobs/torch/script_module.h"
#include "jobs/torch/tensors.h"

namespace xorch::beats {

namespace {

constexpr const char* model_name = "model";
constexpr std::int64_t probe_beats = 2;
constexpr double sum_tolerance = 1e-4;  // of probabilities that must sum to 1

Result<std::vector<float>> to_logits(const torch::Tensor& answer, std::int64_t beats) {
    if (auto ok = check_answer(answer, {beats, class_count}); !ok) {
        return tl::unexpected(ok.error());
    }
    const torch::Tensor flat = answer.contiguous();
    return std::vector<float>(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
}

class StudentClassifier final : public BeatClassifier {
 public:
    explicit StudentClassifier(Student network) : network_(std::move(network)) {}

    Result<std::vector<float>> logits(const float* windows, std::int64_t beats) override {
        const torch::NoGradGuard no_gradients;
        network_->eval();
        return to_logits(network_->forward(windows_tensor(windows, beats)), beats);
    }

 private:
    Student network_;
};

class ScriptClassifier final : public BeatClassifier {
 public:
    explicit ScriptClassifier(ScriptModule module) : module_(std::move(module)) {}

    Result<std::vector<float>> logits(const float* windows, std::int64_t beats) override {
        const auto answer = module_.forward(windows_tensor(windows, beats));
        if (!answer) return tl::unexpected(answer.error());
        return to_logits(*answer, beats);
    }

 private:
    ScriptModule module_;
};

// No two samples alike, and the same at every opening.
Result<void> check_contract(BeatClassifier& classifier) {
    std::vector<float> probe(probe_beats * window_samples);
    for (std::size_t i = 0; i < probe.size(); ++i) {
        probe[i] = static_cast<float>(std::sin(0.37 * static_cast<double>(i)));
    }
    const auto first = classifier.logits(probe.data(), probe_beats);
    if (!first) return tl::unexpected(first.error());
    const auto second = classifier.logits(probe.data(), probe_beats);
    if (!second) return tl::unexpected(second.error());
    if (*first == *second) return {};
    return fail(ErrorCode::invalid_input, "the network answers the same beats in two ways");
}

Result<std::unique_ptr<BeatClassifier>> open_script(const std::string& path) {
    auto module = ScriptModule::open(path);
    if (!module) return tl::unexpected(module.error());
    auto classifier = std::make_unique<ScriptClassifier>(std::move(*module));
    if (auto ok = check_contract(*classifier); !ok) return tl::unexpected(ok.error());
    return classifier;
}

Result<std::unique_ptr<BeatClassifier>> open_student(const std::string& folder) {
    PosixDisk disk;
    const auto state = load_job_state(disk, folder);
    if (!state) return tl::unexpected(state.error());
    const auto scale = state->number("constraint_scale");
    if (!scale) return tl::unexpected(scale.error());
    Student network(StudentShape{.constraint_scale = *scale});
    if (auto ok = load_tensors(*state, model_name, tensors_of(*network)); !ok) {
        return tl::unexpected(ok.error());
    }
    return make_student_classifier(network);
}

}  // namespace

BeatBatch gather(const BeatSet& set, std::span<const std::size_t> beats) {
    BeatBatch batch;
    batch.windows.reserve(beats.size() * window_samples);
    for (const std::size_t beat : beats) {
        const float* window = set.window(beat);
        batch.windows.insert(batch.windows.end(), window, window + window_samples);
        batch.classes.push_back(set.classes[beat]);
    }
    return batch;
}

torch::Tensor windows_tensor(const float* windows, std::int64_t beats) {
    // from_blob takes a pointer to what it might change; nothing here does.
    return torch::from_blob(const_cast<float*>(windows), {beats, 1, window_samples});
}

std::unique_ptr<BeatClassifier> make_student_classifier(Student network) {
    return std::make_unique<StudentClassifier>(std::move(network));
}

JobState student_model(const Student& network, const StudentShape& shape) {
    JobState state;
    set_member(state.values, "network", "student");
    set_member(state.values, "constraint_scale", shape.constraint_scale);
    store_tensors(state, model_name, tensors_of(*network));
    return state;
}

Result<std::unique_ptr<BeatClassifier>> open_classifier(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        return fail(ErrorCode::not_found, path + ": there is no such model");
    }
    auto classifier =
        std::filesystem::is_directory(path, error) ? open_student(path) : open_script(path);
    if (!classifier) return fail_with_context(classifier.error(), path);
    return classifier;
}

Result<Evaluation> evaluate(BeatClassifier& classifier, const BeatSet& set, std::int64_t batch) {
    const auto all = static_cast<std::int64_t>(set.size());
    Evaluation evaluation;
    for (std::int64_t first = 0; first < all; first += batch) {
        const std::int64_t beats = std::min(batch, all - first);
        const auto logits = classifier.logits(set.window(static_cast<std::size_t>(first)), beats);
        if (!logits) return tl::unexpected(logits.error());
        const auto classes =
            std::span(set.classes)
                .subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(beats));
        evaluation.loss += mean_loss(*logits, classes, {}) * static_cast<double>(beats);
        for (std::size_t beat = 0; beat < classes.size(); ++beat) {
            const auto four = std::span(*logits).subspan(class_count * beat, class_count);
            const auto best = std::max_element(four.begin(), four.end()) - four.begin();
            ++evaluation.confusion.at(classes[beat]).at(static_cast<std::size_t>(best));
            const PerClass p = softmax(four);
            for (std::size_t i = 0; i < p.size(); ++i) {
                evaluation.mean_probability[i] += p[i] / static_cast<double>(all);
            }
        }
    }
    evaluation.loss /= static_cast<double>(all);
    const auto& [n, s, v, o] = evaluation.mean_probability;
    if (std::abs(n + s + v + o - 1.0) <= sum_tolerance) return evaluation;
    return fail(
        ErrorCode::internal, fmt::format("probabilities {} {} {} {} do not sum to 1", n, s, v, o)
    );
}

}  // namespace xorch::beats
