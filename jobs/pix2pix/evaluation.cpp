#include "jobs/pix2pix/evaluation.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "jobs/files/csv_rows.h"
#include "jobs/files/file_bytes.h"
#include "jobs/pix2pix/data/id_tables.h"
#include "jobs/pix2pix/unit_pairs.h"

namespace xorch::pix2pix {

namespace {

constexpr std::size_t columns = 3 + 2 * region_count + 3;

std::string header() {
    std::string text = "id,l1,psnr";
    for (const char* name : region_names) {
        text += fmt::format(",roi_{0}_l1,roi_{0}_edge_l1", name);
    }
    return text + ",landmark6_proxy,failed_fixed,is_hardcase\n";
}

Result<double> number(const std::string& cell) {
    double value = 0;
    const char* end = cell.data() + cell.size();
    const auto [stopped, problem] = std::from_chars(cell.data(), end, value);
    if (problem == std::errc{} && stopped == end) return value;
    return fail(ErrorCode::corrupted, fmt::format("\"{}\" is no number", cell.substr(0, 40)));
}

Result<ScoredPair> parse_pair(const std::vector<std::string>& cells) {
    if (cells.size() != columns) return fail(ErrorCode::corrupted, "not as many cells as columns");
    std::vector<double> numbers;
    for (std::size_t i = 1; i < cells.size(); ++i) {
        const auto value = number(cells[i]);
        if (!value) return tl::unexpected(value.error());
        numbers.push_back(*value);
    }
    ScoredPair pair{
        .id = cells[0], .score = {.l1 = numbers[0], .psnr = numbers[1]}
    };
    for (std::size_t i = 0; i < region_count; ++i) {
        pair.score.regions[i] = {.l1 = numbers[2 + 2 * i], .edge = numbers[3 + 2 * i]};
    }
    pair.proxy = numbers[2 + 2 * region_count];
    pair.has_failed = numbers[3 + 2 * region_count] != 0;
    pair.is_hard = numbers[4 + 2 * region_count] != 0;
    return pair;
}

}  // namespace

Result<PairEvaluation> evaluate_pairs(
    Translator& translator,
    const PairSet& set,
    const Parameters& params,
    const std::optional<Baseline>& baseline
) {
    const std::int64_t batch = params.integer("val_batch");
    const auto regions = regions_of_set(set, params);
    if (!regions) return tl::unexpected(regions.error());
    auto made = translate_set(translator, set, batch);
    if (!made) return tl::unexpected(made.error());
    PairEvaluation evaluation;
    evaluation.made = std::move(*made);
    for (std::size_t pair = 0; pair < set.size(); ++pair) {
        evaluation.scores.push_back(
            score_pair(evaluation.made[pair], target_plane(set, pair), (*regions)[pair])
        );
    }
    const ValidationMeans means =
        means_of(evaluation.scores, static_cast<std::size_t>(batch), proxy_weights(params));
    evaluation.summary = summarise(means, set.ids, evaluation.scores, baseline);
    return evaluation;
}

std::string format_pair_scores(
    const Ids& ids,
    const std::vector<PairScore>& scores,
    const ProxyWeights& weights,
    const std::optional<Baseline>& baseline
) {
    std::string text = header();
    for (std::size_t pair = 0; pair < ids.size(); ++pair) {
        const PairScore& score = scores[pair];
        text += fmt::format("{},{},{}", ids[pair], score.l1, score.psnr);
        for (const auto& [l1, edge] : score.regions) {
            text += fmt::format(",{},{}", l1, edge);
        }
        const bool failed = baseline && has_failed(score, baseline->thresholds);
        const bool hard =
            baseline &&
            std::binary_search(baseline->hard.begin(), baseline->hard.end(), ids[pair], id_less);
        text +=
            fmt::format(",{},{:d},{:d}\n", landmark_proxy(score.regions, weights), failed, hard);
    }
    return text;
}

Result<std::vector<ScoredPair>> read_pair_scores(const std::string& path) {
    const auto text = read_bytes(path);
    if (!text) return fail_with_context(text.error(), path);
    CsvRows rows(*text);
    std::vector<std::string> cells;
    std::vector<ScoredPair> pairs;
    for (bool first = true;; first = false) {
        const auto more = rows.next(cells);
        if (!more) return fail_with_context(more.error(), path);
        if (!*more) return pairs;
        if (first) continue;  // the header
        auto pair = parse_pair(cells);
        if (!pair) {
            return fail_with_context(pair.error(), fmt::format("{}: line {}", path, rows.line()));
        }
        pairs.push_back(std::move(*pair));
    }
}

}  // namespace xorch::pix2pix
