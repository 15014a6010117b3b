// heatmap.surgery: the gap between a thing and the rest before and after surgery.

#include "jobs/heatmap/jobs.h"
#include "jobs/heatmap/maps/gaps.h"
#include "jobs/heatmap/report/json_file.h"
#include "jobs/heatmap/unit_rules.h"
#include "jobs/heatmap/unit_samples.h"

namespace xorch {

namespace heatmap {

namespace {

struct Impact {
    Gap before;
    Gap after;
    bool is_same = false;  // features, to the last bit
};

Result<std::optional<Impact>> measure(
    const FeatureCache& cache, const Sample& sample, const SimilarityRules& rules
) {
    const auto tokens = cache.tokens(cache.scenes()[sample.scene]);
    if (!tokens) return tl::unexpected(tokens.error());
    SimilarityRules raw = rules;
    raw.surgery = Surgery::none;
    const Similarity before = compare_patches(*tokens, cache.texts(), sample.place, raw);
    const Similarity after = compare_patches(*tokens, cache.texts(), sample.place, rules);
    const std::vector<bool> inside = patches_inside(tokens->grid, sample.boxes);
    const auto gap_before = gap_of(before.map, inside);
    const auto gap_after = gap_of(after.map, inside);
    if (!gap_before || !gap_after) return std::optional<Impact>();
    return std::optional(Impact{
        .before = *gap_before, .after = *gap_after, .is_same = before.features == after.features});
}

Object row_of(const Sample& sample, const Impact& impact) {
    return {
        {"class_name",     Value(name_of(sample.of))                 },
        {"gt_raw_avg",     impact.before.inside                      },
        {"gt_surgery_avg", impact.after.inside                       },
        {"bg_raw_avg",     impact.before.outside                     },
        {"bg_surgery_avg", impact.after.outside                      },
        {"gap_before",     impact.before.size()                      },
        {"gap_after",      impact.after.size()                       },
        {"gap_change",     impact.after.size() - impact.before.size()},
    };
}

Object row_of(const GapSummary& summary) {
    Object row{
        {"avg_gap_before",        summary.mean_before                     },
        {"avg_gap_after",         summary.mean_after                      },
        {"avg_gap_change",        summary.mean_after - summary.mean_before},
        {"reversed_count",        summary.reversed                        },
        {"total_samples",         summary.samples                         },
        {"share_negative_before", summary.share_negative_before           },
    };
    set_member(
        row,
        "gap_change_per_cent",
        summary.change_per_cent ? Value(*summary.change_per_cent) : Value()
    );
    set_member(row, "baseline_zero", !summary.change_per_cent.has_value());
    return row;
}

}  // namespace

}  // namespace heatmap

Result<JobEnd> run_heatmap_surgery(NativeUnit& unit) {
    using namespace heatmap;
    const auto chosen = open_samples(unit);
    if (!chosen) return tl::unexpected(chosen.error());
    const SimilarityRules rules = similarity_rules(unit.params());
    Array results;
    std::vector<GapChange> gaps;
    bool changes_nothing = true;
    for (const Sample& sample : chosen->samples) {
        const auto impact = measure(chosen->cache, sample, rules);
        if (!impact) return tl::unexpected(impact.error());
        if (!*impact) continue;
        changes_nothing = changes_nothing && (*impact)->is_same;
        results.emplace_back(row_of(sample, **impact));
        gaps.push_back({.before = (*impact)->before.size(), .after = (*impact)->after.size()});
    }
    if (gaps.empty()) return fail(ErrorCode::invalid_input, "no sample with patches on both sides");
    const GapSummary summary = summarise(gaps);
    Object row = row_of(summary);
    const Object file{
        {"results",     results      },
        {"summary",     row          },
        {"open_points", open_points()},
    };
    if (auto ok = write_json(unit, "surgery_impact_analysis.json", file); !ok) {
        return tl::unexpected(ok.error());
    }
    std::vector<std::string_view> checks;
    if (changes_nothing) checks.emplace_back("ABLATION_NOOP");
    if (!summary.change_per_cent) checks.emplace_back("ZERO_BASELINE");
    set_member(row, checks_column, reported_checks_cell(checks));
    if (auto ok = unit.report(row); !ok) return tl::unexpected(ok.error());
    return JobEnd::done;
}

}  // namespace xorch
