// pix2pix.hard: which training pairs are hard. Hard cases of the validation split cannot be drawn
// more often, as they are never drawn at all; the list says where it comes from.

#include <fmt/core.h>

#include <algorithm>

#include "core/check.h"
#include "core/statistics/interval.h"
#include "jobs/pix2pix/data/id_tables.h"
#include "jobs/pix2pix/evaluation.h"
#include "jobs/pix2pix/jobs.h"
#include "jobs/pix2pix/unit_pairs.h"
#include "jobs/unit_artifacts.h"

namespace xorch {

namespace pix2pix {

namespace {

// Pairs that networks which never saw them did worst on, within their own fold: folds have networks
// of their own.
Result<Ids> out_of_fold_failures(const NativeUnit& unit) {
    const std::vector<std::string> tables = all_left(unit, out_of_fold_name);
    if (tables.empty()) {
        return fail(
            ErrorCode::not_found,
            fmt::format("source = train_oof: no input left {} (folds = 0?)", out_of_fold_name)
        );
    }
    Ids hard;
    for (const std::string& table : tables) {
        const auto pairs = read_pair_scores(table);
        if (!pairs) return tl::unexpected(pairs.error());
        std::vector<PairScore> scores;
        for (const ScoredPair& pair : *pairs) {
            scores.push_back(pair.score);
        }
        if (scores.size() < 2) return fail(ErrorCode::invalid_input, table + ": a fold of one");
        const auto thresholds = thresholds_of(scores, unit.params().number("spread"));
        for (const ScoredPair& pair : *pairs) {
            if (has_failed(pair.score, thresholds)) hard.push_back(pair.id);
        }
    }
    std::sort(hard.begin(), hard.end(), id_less);
    hard.erase(std::unique(hard.begin(), hard.end()), hard.end());
    return hard;
}

double input_distance(
    const PairSet& left, std::size_t first, const PairSet& right, std::size_t second
) {
    const std::size_t each = left.pixels() * input_channels;
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < each; ++i) {
        sum += std::abs(
            static_cast<int>(left.inputs[first * each + i]) -
            static_cast<int>(right.inputs[second * each + i])
        );
    }
    return static_cast<double>(sum) / static_cast<double>(each);
}

// Only photos are compared, yet those of validation pairs say what is learned.
Ids nearest_inputs(const PairSplits& pairs, const Ids& cases, std::size_t neighbours) {
    Ids hard;
    for (const std::string& id : cases) {
        const auto place = pairs.val().find(id);
        if (!place) continue;
        std::vector<std::pair<double, std::size_t>> distances;
        for (std::size_t pair = 0; pair < pairs.train().size(); ++pair) {
            distances.emplace_back(input_distance(pairs.train(), pair, pairs.val(), *place), pair);
        }
        std::sort(distances.begin(), distances.end());
        distances.resize(std::min(distances.size(), neighbours));
        for (const auto& [distance, pair] : distances) {
            hard.push_back(pairs.train().ids[pair]);
        }
    }
    std::sort(hard.begin(), hard.end(), id_less);
    hard.erase(std::unique(hard.begin(), hard.end()), hard.end());
    return hard;
}

Result<Ids> hard_ids(const NativeUnit& unit, const PairSplits& pairs, const std::string& source) {
    if (source == "train_oof") return out_of_fold_failures(unit);
    const auto baseline = baseline_of(unit);
    if (!baseline) return tl::unexpected(baseline.error());
    if (!*baseline) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("source = {} wants a stage of job pix2pix.freeze among the needs", source)
        );
    }
    if (source == "val_ids") return (*baseline)->hard;
    const auto neighbours = static_cast<std::size_t>(unit.params().integer("neighbours"));
    return nearest_inputs(pairs, (*baseline)->hard, neighbours);
}

Result<void> list_hard(NativeUnit& unit) {
    const auto pairs = pairs_of(unit);
    if (!pairs) return tl::unexpected(pairs.error());
    const std::string& source = unit.params().text("source");
    auto ids = hard_ids(unit, *pairs, source);
    if (!ids) return tl::unexpected(ids.error());
    const HardPairs hard{.source = source, .ids = std::move(*ids)};
    if (auto left = leave_text(unit, hard_name, format_hard_pairs(hard)); !left) return left;
    const auto hits = std::count_if(hard.ids.begin(), hard.ids.end(), [&](const std::string& id) {
        return pairs->train().find(id).has_value();
    });
    return unit.report({
        {"hard_n",                   static_cast<std::int64_t>(hard.ids.size())           },
        {"in_train",                 static_cast<std::int64_t>(hits)                      },
        {std::string(checks_column), source == "knn_from_val_inputs" ? "TRANSDUCTIVE" : ""}
    });
}

}  // namespace

}  // namespace pix2pix

Result<JobEnd> run_pix2pix_hard(NativeUnit& unit) {
    if (auto done = pix2pix::list_hard(unit); !done) return tl::unexpected(done.error());
    return JobEnd::done;
}

}  // namespace xorch
