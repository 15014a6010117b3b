#include "jobs/pix2pix/phase_files.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/io/posix_disk.h"

namespace xorch::pix2pix {

namespace {

constexpr const char* tensor_name = "made";

bool higher_is_better(std::string_view metric) {
    return metric == "mean_psnr_sample" || metric == "mean_psnr_batch" ||
           metric == "hardcase_pass_rate";
}

}  // namespace

JobState store_translations(const std::vector<Plane>& made) {
    StoredTensor tensor{.name = tensor_name, .type = ElementType::u8, .shape = {}, .bytes = {}};
    const Plane& first = made.front();
    tensor.shape = {static_cast<std::int64_t>(made.size()), first.height, first.width};
    for (const Plane& plane : made) {
        for (const float value : plane.values) {
            tensor.bytes.push_back(static_cast<char>(to_byte(value)));
        }
    }
    JobState state;
    state.tensors.push_back(std::move(tensor));
    return state;
}

Result<PhaseEvaluation> read_phase(const std::string& folder, Object record, int side) {
    PhaseEvaluation phase;
    phase.record = std::move(record);
    auto pairs = read_pair_scores(folder + "/" + scores_name);
    if (!pairs) return tl::unexpected(pairs.error());
    phase.pairs = std::move(*pairs);
    PosixDisk disk;
    const std::string at = folder + "/" + translations_folder;
    const auto state = load_job_state(disk, at);
    if (!state) return tl::unexpected(state.error());
    const StoredTensor* tensor = state->find_tensor(tensor_name);
    const std::vector<std::int64_t> shape{
        static_cast<std::int64_t>(phase.pairs.size()), side, side};
    if (tensor == nullptr || tensor->type != ElementType::u8 || tensor->shape != shape) {
        return fail(ErrorCode::corrupted, at + ": not as many X-rays, or not as large, as pairs");
    }
    auto byte = tensor->bytes.begin();
    for (std::size_t pair = 0; pair < phase.pairs.size(); ++pair) {
        Plane plane(side, side);
        for (float& value : plane.values) {
            value = to_signed(static_cast<std::uint8_t>(*byte++));
        }
        phase.made.push_back(std::move(plane));
    }
    return phase;
}

Ids failed_of(const std::vector<ScoredPair>& pairs) {
    Ids failed;
    for (const ScoredPair& pair : pairs) {
        if (pair.has_failed) failed.push_back(pair.id);
    }
    return failed;
}

std::vector<ComparedMetric> compare_records(const Object& prev, const Object& cur) {
    std::vector<ComparedMetric> compared;
    for (const auto& [name, value] : cur) {
        const Value* other = find_member(prev, name);
        const auto now = value.as_number();
        const auto before = other == nullptr ? std::nullopt : other->as_number();
        if (!now || !before) continue;
        ComparedMetric metric{
            .metric = name,
            .prev = *before,
            .cur = *now,
            .delta_percent = {},
            .direction = "equal"};
        if (*before != 0) metric.delta_percent = 100 * (*now / *before - 1);
        if (*now != *before) {
            metric.direction = (*now > *before) == higher_is_better(name) ? "better" : "worse";
        }
        compared.push_back(std::move(metric));
    }
    return compared;
}

std::string format_comparison(const std::vector<ComparedMetric>& metrics) {
    std::string text = "metric,prev,cur,delta,delta_pct,direction\n";
    for (const ComparedMetric& each : metrics) {
        text += fmt::format(
            "{},{},{},{},{},{}\n",
            each.metric,
            each.prev,
            each.cur,
            each.cur - each.prev,
            each.delta_percent ? fmt::format("{}", *each.delta_percent) : "",
            each.direction
        );
    }
    return text;
}

}  // namespace xorch::pix2pix
