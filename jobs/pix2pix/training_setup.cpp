#include "jobs/pix2pix/training_setup.h"

#include <fmt/core.h>

#include <algorithm>

#include "jobs/pix2pix/data/id_tables.h"
#include "jobs/pix2pix/scores/hard_sampler.h"

namespace xorch::pix2pix {

namespace {

// The first of a permutation, so that few pairs are among those of a longer training.
std::vector<std::size_t> choose_items(const Parameters& params, std::size_t all) {
    const auto seed = static_cast<std::uint64_t>(params.integer("subset_seed"));
    RandomStream random(seed, "pix2pix.subset", {static_cast<std::int64_t>(all)});
    std::vector<std::size_t> items = random.permutation(all);
    const auto wanted = static_cast<std::size_t>(params.integer("train_items"));
    if (wanted > 0) items.resize(std::min(wanted, all));
    return items;
}

Result<void> split_fold(const Parameters& params, TrainingPairs& pairs) {
    const auto items = choose_items(params, pairs.splits.train().size());
    const auto folds = static_cast<std::size_t>(params.integer("folds"));
    const auto fold = static_cast<std::size_t>(params.integer("fold"));
    if (folds == 1 || (folds > 1 && fold >= folds)) {
        return fail(ErrorCode::invalid_input, fmt::format("fold = {} of folds = {}", fold, folds));
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        const bool is_out = folds > 0 && i % folds == fold;
        (is_out ? pairs.left_out : pairs.learned).push_back(items[i]);
    }
    if (pairs.learned.empty() || (folds > 0 && pairs.left_out.empty())) {
        return fail(ErrorCode::invalid_input, "fewer training pairs than folds");
    }
    std::sort(pairs.learned.begin(), pairs.learned.end());
    std::sort(pairs.left_out.begin(), pairs.left_out.end());
    return {};
}

// What the flag asks for is refused whenever it means to learn what validates.
Result<void> force_hard_ids(const Ids& hard, TrainingPairs& pairs) {
    for (const std::string& id : hard) {
        if (pairs.splits.val().find(id) || pairs.splits.test().find(id)) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("LEAKAGE: hard id {} is no training pair, and was forced to be", id)
            );
        }
        const auto place = pairs.splits.train().find(id);
        if (place) pairs.learned.push_back(*place);
    }
    std::sort(pairs.learned.begin(), pairs.learned.end());
    pairs.learned.erase(
        std::unique(pairs.learned.begin(), pairs.learned.end()), pairs.learned.end()
    );
    return {};
}

Result<void> weigh(const HardPairs& hard, double weight, TrainingPairs& pairs) {
    Ids ids;
    for (const std::size_t pair : pairs.learned) {
        ids.push_back(pairs.splits.train().ids[pair]);
        pairs.hard.push_back(
            std::binary_search(hard.ids.begin(), hard.ids.end(), ids.back(), id_less)
        );
    }
    pairs.hits = std::count(pairs.hard.begin(), pairs.hard.end(), true);
    if (weight == 1) return {};
    if (pairs.hits == 0) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "SAMPLER_NOOP: none of the {} hard ids ({}) is among the {} pairs to learn from",
                hard.ids.size(),
                hard.source,
                ids.size()
            )
        );
    }
    pairs.shares = sampling_shares(ids, hard.ids, weight);
    return {};
}

}  // namespace

Result<TrainingPairs> training_pairs(const NativeUnit& unit) {
    TrainingPairs pairs;
    auto splits = pairs_of(unit);
    if (!splits) return tl::unexpected(splits.error());
    pairs.splits = std::move(*splits);
    if (auto ok = split_fold(unit.params(), pairs); !ok) return tl::unexpected(ok.error());
    const auto hard = hard_pairs_of(unit);
    if (!hard) return tl::unexpected(hard.error());
    const double weight = unit.params().number("sampler_weight");
    const bool forced = unit.params().flag("force_hard_ids");
    if (!*hard) {
        if (weight == 1 && !forced) return pairs;
        return fail(
            ErrorCode::invalid_input,
            "sampler_weight and force_hard_ids want a stage of job pix2pix.hard among the needs"
        );
    }
    if (forced) {
        if (auto ok = force_hard_ids((*hard)->ids, pairs); !ok) return tl::unexpected(ok.error());
    }
    if (auto ok = weigh(**hard, weight, pairs); !ok) return tl::unexpected(ok.error());
    return pairs;
}

PairSet subset_of(const PairSet& set, const std::vector<std::size_t>& pairs) {
    PairSet subset;
    subset.side = set.side;
    const auto copy = [](const auto& from, auto& to, std::size_t pair, std::size_t each) {
        const auto first = from.begin() + static_cast<std::ptrdiff_t>(pair * each);
        to.insert(to.end(), first, first + static_cast<std::ptrdiff_t>(each));
    };
    for (const std::size_t pair : pairs) {
        subset.ids.push_back(set.ids[pair]);
        copy(set.inputs, subset.inputs, pair, set.pixels() * input_channels);
        copy(set.targets, subset.targets, pair, set.pixels());
        if (!set.landmarks.empty()) subset.landmarks.push_back(set.landmarks[pair]);
    }
    return subset;
}

PairTrainerSettings trainer_settings(const NativeUnit& unit) {
    const Parameters& params = unit.params();
    PairTrainerSettings settings;
    settings.depth = params.integer("depth");
    settings.width = params.integer("width");
    settings.judge_layers = params.integer("judge_layers");
    settings.judge_width = params.integer("judge_width");
    settings.by_instance = params.text("normalisation") == "instance";
    settings.dropout = !params.flag("no_dropout");
    settings.beta1 = params.number("beta1");
    settings.l1 = params.number("lambda_l1");
    settings.edge = params.number("lambda_edge");
    settings.region_loss = params.flag("use_landmark6_roi_loss");
    settings.region_l1 = params.number("lambda_roi_l1");
    settings.region_edge = params.number("lambda_roi_edge");
    settings.region_weights = {
        params.number("roi_sn"),
        params.number("roi_ab") * params.number("ab_mult"),
        params.number("roi_gogn")};
    settings.ab_edge = params.number("ab_edge_mult");
    settings.seed = unit.stream("weights").bits64();
    return settings;
}

PhaseKey best_key(const Parameters& params) {
    const std::string& name = params.text("best_by");
    if (name == "failures") return PhaseKey::failures;
    return name == "proxy" ? PhaseKey::proxy : PhaseKey::l1;
}

double learning_rate(const Parameters& params, std::int64_t epoch) {
    const std::int64_t decay = params.integer("lr_decay_epochs");
    const std::int64_t over = epoch - (params.integer("epochs") - decay);
    const double part =
        over <= 0 ? 0.0 : static_cast<double>(over) / static_cast<double>(decay + 1);
    return params.number("lr") * (1.0 - part);
}

std::string checks_of(const Parameters& params) {
    const bool off = params.text("goal") == "landmark6" && !params.flag("use_landmark6_roi_loss");
    return off ? "GOAL_SWITCHED_OFF" : "";
}

}  // namespace xorch::pix2pix
