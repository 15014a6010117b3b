// heatmap.maps: one map per image and class of its boxes, with every threshold of it from one sort.
// A pure function of the features, and quick: it starts over when stopped.

#include <algorithm>

#include "core/check.h"
#include "core/hash.h"
#include "jobs/heatmap/jobs.h"
#include "jobs/heatmap/map_file.h"
#include "jobs/heatmap/maps/gaps.h"
#include "jobs/heatmap/unit_rules.h"

namespace xorch {

namespace heatmap {

namespace {

struct Tally {
    Hasher features;
    double least = 0;
    double greatest = 0;
    double gaps = 0;
    int measured = 0;  // samples with patches on both sides
    int negative = 0;
};

void count(const Similarity& similarity, const Sample& sample, bool is_first, Tally& tally) {
    const auto& numbers = similarity.features;
    tally.features.add(
        {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double)}
    );
    for (const double value : similarity.map.values) {
        tally.least = is_first ? value : std::min(tally.least, value);
        tally.greatest = is_first ? value : std::max(tally.greatest, value);
        is_first = false;
    }
    const auto gap = gap_of(similarity.map, patches_inside(similarity.map.height, sample.boxes));
    if (!gap) return;
    ++tally.measured;
    tally.gaps += gap->size();
    tally.negative += gap->size() < 0 ? 1 : 0;
}

Object row_of(Tally& tally, std::size_t samples, const std::string& maps_hash) {
    Object row{
        {"samples",                  static_cast<std::int64_t>(samples)},
        {"gap_samples",              tally.measured                    },
        {"similarity_min",           tally.least                       },
        {"similarity_max",           tally.greatest                    },
        {"feature_hash",             tally.features.finish()           },
        {"maps_hash",                maps_hash                         },
        {std::string(checks_column), ""                                },
    };
    if (tally.measured == 0) return row;
    set_member(row, "avg_gap", tally.gaps / tally.measured);
    set_member(row, "share_negative", static_cast<double>(tally.negative) / tally.measured);
    return row;
}

}  // namespace

}  // namespace heatmap

Result<JobEnd> run_heatmap_maps(NativeUnit& unit) {
    using namespace heatmap;
    const auto cache = FeatureCache::open(unit);
    if (!cache) return tl::unexpected(cache.error());
    const auto samples = cache->samples();
    if (!samples) return tl::unexpected(samples.error());
    const SimilarityRules rules = similarity_rules(unit.params());
    std::vector<SampleMap> maps;
    Tally tally;
    for (const Sample& sample : *samples) {
        const auto tokens = cache->tokens(cache->scenes()[sample.scene]);
        if (!tokens) return tl::unexpected(tokens.error());
        Similarity similarity = compare_patches(*tokens, cache->texts(), sample.place, rules);
        count(similarity, sample, maps.empty(), tally);
        Thresholds thresholds(spread(similarity.map).values);
        maps.push_back({.map = std::move(similarity.map), .thresholds = std::move(thresholds)});
    }
    const auto hash = write_maps(unit, maps);
    if (!hash) return tl::unexpected(hash.error());
    if (auto ok = unit.report(row_of(tally, maps.size(), *hash)); !ok) {
        return tl::unexpected(ok.error());
    }
    return JobEnd::done;
}

}  // namespace xorch
