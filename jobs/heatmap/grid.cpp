// heatmap.grid: the similarity of every patch of a few samples, and which of them a threshold
// keeps.

#include "jobs/heatmap/encode/feature_cache.h"
#include "jobs/heatmap/jobs.h"
#include "jobs/heatmap/maps/gaps.h"
#include "jobs/heatmap/report/json_file.h"
#include "jobs/heatmap/unit_rules.h"
#include "jobs/heatmap/unit_samples.h"

namespace xorch {

namespace heatmap {

namespace {

constexpr int shown_percents[] = {75, 50, 30};  // those of the study

Array rows_of(const PatchMap& map) {
    Array rows;
    for (int y = 0; y < map.height; ++y) {
        Array row;
        for (int x = 0; x < map.width; ++x) {
            row.emplace_back(map.at(y, x));
        }
        rows.emplace_back(std::move(row));
    }
    return rows;
}

// Which share of the thing's patches lies at or above the threshold of so many per cent.
Array kept_shares(const PatchMap& map, const std::vector<bool>& inside) {
    const Thresholds thresholds(map.values);
    Array rows;
    for (const int percent : shown_percents) {
        const double threshold = thresholds.percentile(percent);
        double patches = 0;
        double kept = 0;
        for (std::size_t i = 0; i < inside.size(); ++i) {
            patches += inside[i] ? 1 : 0;
            kept += inside[i] && map.values[i] >= threshold ? 1 : 0;
        }
        Object row;
        set_member(row, "percentile", percent);
        set_member(row, "similarity", threshold);
        set_member(row, "gt_included", patches == 0 ? Value() : Value(kept / patches));
        rows.emplace_back(std::move(row));
    }
    return rows;
}

}  // namespace

}  // namespace heatmap

Result<JobEnd> run_heatmap_grid(NativeUnit& unit) {
    using namespace heatmap;
    const auto chosen = open_samples(unit);
    if (!chosen) return tl::unexpected(chosen.error());
    const SimilarityRules rules = similarity_rules(unit.params());
    Array results;
    std::vector<GapChange> gaps;
    for (const Sample& sample : chosen->samples) {
        const CachedScene& scene = chosen->cache.scenes()[sample.scene];
        const auto tokens = chosen->cache.tokens(scene);
        if (!tokens) return tl::unexpected(tokens.error());
        const PatchMap map =
            compare_patches(*tokens, chosen->cache.texts(), sample.place, rules).map;
        const std::vector<bool> inside = patches_inside(map.height, sample.boxes);
        Object result;
        set_member(result, "image", scene.id);
        set_member(result, "class_name", Value(name_of(sample.of)));
        set_member(result, "grid", rows_of(map));
        set_member(result, "thresholds", kept_shares(map, inside));
        Array flags(inside.begin(), inside.end());
        set_member(result, "is_gt_patch", flags);
        if (const auto gap = gap_of(map, inside)) {
            set_member(result, "gt_avg", gap->inside);
            set_member(result, "bg_avg", gap->outside);
            set_member(result, "gap", gap->size());
            gaps.push_back({.before = gap->size(), .after = gap->size()});
        }
        results.emplace_back(std::move(result));
    }
    if (gaps.empty()) return fail(ErrorCode::invalid_input, "no sample with patches on both sides");
    const GapSummary summary = summarise(gaps);
    const Object row{
        {"samples",        static_cast<std::int64_t>(chosen->samples.size())},
        {"gap_samples",    summary.samples                                  },
        {"avg_gap",        summary.mean_before                              },
        {"share_negative", summary.share_negative_before                    },
    };
    const Object file{
        {"results",     results      },
        {"summary",     row          },
        {"open_points", open_points()},
    };
    if (auto ok = write_json(unit, "patch_grid_analysis.json", file); !ok) {
        return tl::unexpected(ok.error());
    }
    if (auto ok = unit.report(row); !ok) return tl::unexpected(ok.error());
    return JobEnd::done;
}

}  // namespace xorch
