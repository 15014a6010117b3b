// pix2pix.compare: this phase against the one before. The table says what got better; the pack and
// the pictures are for eyes, which decide in the end.

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/check.h"
#include "core/json.h"
#include "jobs/files/png_file.h"
#include "jobs/pix2pix/jobs.h"
#include "jobs/pix2pix/phase_files.h"
#include "jobs/pix2pix/report/charts.h"
#include "jobs/pix2pix/report/panels.h"
#include "jobs/pix2pix/trial_pack.h"
#include "jobs/pix2pix/unit_pairs.h"
#include "jobs/unit_artifacts.h"

namespace xorch {

namespace pix2pix {

namespace {

constexpr std::size_t worst_shown = 6;

struct Comparison {
    std::string prev_name;
    std::string cur_name;
    PairSet val;
    std::vector<Regions> regions;
    PhaseEvaluation prev;
    PhaseEvaluation cur;
    Ids stubborn;
};

Result<PhaseEvaluation> phase_of(
    const NativeUnit& unit, const UnitInput& input, const PairSet& val
) {
    if (input.records.empty()) {
        return fail(ErrorCode::invalid_input, input.stage + " reported nothing");
    }
    auto phase = read_phase(input.directory, input.records.back(), val.side);
    if (!phase) return phase;
    if (phase->pairs.size() == val.size()) return phase;
    return fail(
        ErrorCode::invalid_input, unit.params().text("cur") + ": scores of other pairs than val's"
    );
}

// Failing in every evaluation among the inputs.
Result<Ids> stubborn_of(const NativeUnit& unit) {
    std::optional<Ids> stubborn;
    for (const std::string& statistics : all_left(unit, failures_name)) {
        const std::filesystem::path folder = std::filesystem::path(statistics).parent_path();
        const auto pairs = read_pair_scores(folder / scores_name);
        if (!pairs) return tl::unexpected(pairs.error());
        const Ids failed = failed_of(*pairs);
        stubborn = stubborn ? common_ids(*stubborn, failed) : failed;
    }
    return stubborn.value_or(Ids{});
}

Result<Comparison> read_comparison(const NativeUnit& unit) {
    Comparison comparison{
        .prev_name = unit.params().text("prev"),
        .cur_name = unit.params().text("cur"),
        .val = {},
        .regions = {},
        .prev = {},
        .cur = {},
        .stubborn = {}};
    auto pairs = pairs_of(unit);
    if (!pairs) return tl::unexpected(pairs.error());
    comparison.val = pairs->val();
    auto regions = regions_of_set(comparison.val, unit.params());
    if (!regions) return tl::unexpected(regions.error());
    comparison.regions = std::move(*regions);
    for (const auto& [name, to] : {
             std::pair{&comparison.prev_name, &comparison.prev},
             {&comparison.cur_name,  &comparison.cur }
    }) {
        const auto input = unit.input(*name);
        if (!input) return tl::unexpected(input.error());
        auto phase = phase_of(unit, **input, comparison.val);
        if (!phase) return tl::unexpected(phase.error());
        *to = std::move(*phase);
    }
    auto stubborn = stubborn_of(unit);
    if (!stubborn) return tl::unexpected(stubborn.error());
    comparison.stubborn = std::move(*stubborn);
    return comparison;
}

Result<void> leave_picture(NativeUnit& unit, const std::string& name, const Picture& picture) {
    const auto path = unit.artifact(name);
    if (!path) return tl::unexpected(path.error());
    return write_png(*path, picture);
}

Triptych triptych_of(const Comparison& comparison, std::size_t pair) {
    return {
        .prev = comparison.prev.made[pair],
        .cur = comparison.cur.made[pair],
        .truth = target_plane(comparison.val, pair),
        .regions = comparison.regions[pair]};
}

std::vector<std::size_t> worst_in_region(const PhaseEvaluation& cur, std::size_t region) {
    std::vector<std::size_t> order;
    for (std::size_t pair = 0; pair < cur.pairs.size(); ++pair) {
        order.push_back(pair);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        return cur.pairs[left].score.regions[region].l1 > cur.pairs[right].score.regions[region].l1;
    });
    order.resize(std::min(order.size(), worst_shown));
    return order;
}

std::vector<double> proxies_of(const PhaseEvaluation& phase) {
    std::vector<double> proxies;
    for (const ScoredPair& pair : phase.pairs) {
        proxies.push_back(pair.proxy);
    }
    return proxies;
}

Result<void> leave_pack(
    NativeUnit& unit, const Comparison& comparison, const std::vector<PackedPair>& pack
) {
    const std::string manifest = format_manifest(pack, comparison.prev, comparison.cur);
    if (auto left = leave_text(unit, "trial_pack/manifest.csv", manifest); !left) return left;
    Object counts;
    for (const char group : {'A', 'B', 'C'}) {
        const auto members = std::count_if(pack.begin(), pack.end(), [&](const PackedPair& each) {
            return each.group == group;
        });
        set_member(counts, std::string(1, group), static_cast<std::int64_t>(members));
    }
    Object summary;
    set_member(summary, "total", static_cast<std::int64_t>(pack.size()));
    set_member(summary, "groups", counts);
    set_member(summary, "stubborn", Array(comparison.stubborn.begin(), comparison.stubborn.end()));
    auto left = leave_text(unit, "trial_pack/selection_summary.json", format_json_pretty(summary));
    if (!left) return left;
    for (std::size_t i = 0; i < pack.size(); ++i) {
        const std::string name = picture_of(pack[i], i + 1, comparison.val.ids[pack[i].pair]);
        const Picture picture = draw_triptychs({triptych_of(comparison, pack[i].pair)}, 1);
        if (auto drawn = leave_picture(unit, "trial_pack/" + name, picture); !drawn) return drawn;
    }
    return {};
}

Picture proxy_histograms(const Comparison& comparison) {
    std::vector<std::pair<std::string, std::vector<double>>> series;
    series.emplace_back(comparison.prev_name, proxies_of(comparison.prev));
    series.emplace_back(comparison.cur_name, proxies_of(comparison.cur));
    return draw_histograms(series);
}

std::vector<BarPair> region_bars(const Comparison& comparison) {
    const auto column = [](const Object& record, const std::string& name) {
        const Value* value = find_member(record, name);
        return value == nullptr ? 0.0 : value->as_number().value_or(0.0);
    };
    std::vector<BarPair> bars;
    for (const std::string region : region_names) {
        for (const std::string kind : {"l1", "edge_l1"}) {
            const std::string name = "roi_" + region + "_" + kind;
            bars.push_back(
                {.name = region + " " + kind,
                 .prev = column(comparison.prev.record, name),
                 .cur = column(comparison.cur.record, name)}
            );
        }
    }
    return bars;
}

Result<void> leave_graphs(
    NativeUnit& unit, const Comparison& comparison, const std::vector<PackedPair>& pack
) {
    std::vector<Triptych> shown;
    for (const PackedPair& each : pack) {
        shown.push_back(triptych_of(comparison, each.pair));
    }
    std::vector<std::pair<std::string, Picture>> graphs;
    graphs.emplace_back("contact_panel_prev_cur_gt", draw_triptychs(shown, 5));
    graphs.emplace_back("contact_landmark6_zoom", draw_zooms(shown));
    graphs.emplace_back("landmark6_proxy_hist", proxy_histograms(comparison));
    graphs.emplace_back(
        "landmark6_roi_compare",
        draw_bars(comparison.prev_name, comparison.cur_name, region_bars(comparison))
    );
    for (std::size_t region = 0; region < region_count; ++region) {
        std::vector<Triptych> worst;
        for (const std::size_t pair : worst_in_region(comparison.cur, region)) {
            worst.push_back(triptych_of(comparison, pair));
        }
        graphs.emplace_back(
            fmt::format("roi_{}_worst6_prev_cur_gt", region_names[region]),
            draw_region(worst, region)
        );
    }
    for (const auto& [name, picture] : graphs) {
        if (auto left = leave_picture(unit, "graph/" + name + ".png", picture); !left) return left;
    }
    return {};
}

Result<void> compare(NativeUnit& unit) {
    const auto comparison = read_comparison(unit);
    if (!comparison) return tl::unexpected(comparison.error());
    const auto metrics = compare_records(comparison->prev.record, comparison->cur.record);
    const std::string table =
        fmt::format("{}_vs_{}_fullbest_compare.csv", comparison->cur_name, comparison->prev_name);
    if (auto left = leave_text(unit, table, format_comparison(metrics)); !left) return left;
    const auto each = static_cast<std::size_t>(unit.params().integer("pack_group"));
    const auto pack = choose_pack(comparison->prev, comparison->cur, each);
    if (auto left = leave_pack(unit, *comparison, pack); !left) return left;
    if (auto left = leave_graphs(unit, *comparison, pack); !left) return left;
    Object row;
    bool zero_baseline = false;
    for (const ComparedMetric& metric : metrics) {
        set_member(row, "delta_" + metric.metric, metric.cur - metric.prev);
        if (metric.delta_percent) {
            set_member(row, "delta_pct_" + metric.metric, *metric.delta_percent);
        } else {
            zero_baseline = true;
        }
    }
    set_member(row, "stubborn_count", static_cast<std::int64_t>(comparison->stubborn.size()));
    set_member(row, "stubborn_ids", fmt::format("{}", fmt::join(comparison->stubborn, " ")));
    set_member(row, "pack_n", static_cast<std::int64_t>(pack.size()));
    set_member(row, checks_column, zero_baseline ? "ZERO_BASELINE" : "");
    return unit.report(row);
}

}  // namespace

}  // namespace pix2pix

Result<JobEnd> run_pix2pix_compare(NativeUnit& unit) {
    if (auto done = pix2pix::compare(unit); !done) return tl::unexpected(done.error());
    return JobEnd::done;
}

}  // namespace xorch
