// pix2pix.eval: the files that the report's phases leave, of a generator or of a TorchScript module
// of the user's.

#include <fmt/core.h>

#include "core/check.h"
#include "core/json.h"
#include "jobs/pix2pix/evaluation.h"
#include "jobs/pix2pix/jobs.h"
#include "jobs/pix2pix/phase_files.h"
#include "jobs/pix2pix/unit_pairs.h"
#include "jobs/unit_artifacts.h"

namespace xorch {

namespace pix2pix {

namespace {

Value list_of(const Ids& ids) {
    return Array(ids.begin(), ids.end());
}

Object metrics_of(const PairEvaluation& evaluation) {
    const ValidationMeans& means = evaluation.summary.means;
    return {
        {"mean_l1",          means.l1                                           },
        {"mean_psnr_sample", means.psnr_sample                                  },
        {"mean_psnr_batch",  means.psnr_batch                                   },
        {"n",                static_cast<std::int64_t>(evaluation.scores.size())}
    };
}

Object failures_of(const ValidationSummary& summary, const Baseline& baseline) {
    const Ids& failed = *summary.failed;
    Object thresholds{
        {"l1",   baseline.thresholds.l1  },
        {"psnr", baseline.thresholds.psnr}
    };
    Object object{
        {"thresholds",         std::move(thresholds)                          },
        {"failed_count_fixed", static_cast<std::int64_t>(failed.size())       },
        {"failed_ids_fixed",   list_of(failed)                                },
        {"hardcase_total",     static_cast<std::int64_t>(baseline.hard.size())},
    };
    set_member(object, "hardcase_failed_ids", list_of(common_ids(baseline.hard, failed)));
    if (summary.pass_rate) set_member(object, "hardcase_pass_rate", *summary.pass_rate);
    return object;
}

// With the project's own choices beside the score: the report has no numbers for them.
Object proxy_of(const ValidationSummary& summary, const Parameters& params) {
    const ProxyWeights weights = proxy_weights(params);
    Object object{
        {"landmark6_proxy_score", summary.means.proxy    },
        {"roi_mode",              params.text("roi_mode")},
        {"weight_l1",             weights.l1             },
        {"weight_edge",           weights.edge           }
    };
    for (std::size_t i = 0; i < region_count; ++i) {
        const std::string name = region_names[i];
        set_member(object, "weight_" + name, weights.regions[i]);
        set_member(object, "box_" + name, params.text("box_" + name));
        set_member(object, "roi_" + name + "_l1", summary.means.regions[i].l1);
        set_member(object, "roi_" + name + "_edge_l1", summary.means.regions[i].edge);
    }
    return object;
}

Result<void> evaluate(NativeUnit& unit) {
    const auto pairs = pairs_of(unit);
    if (!pairs) return tl::unexpected(pairs.error());
    const PairSet& val = pairs->val();
    const auto baseline = baseline_of(unit);
    if (!baseline) return tl::unexpected(baseline.error());
    if (!*baseline) {
        return fail(ErrorCode::invalid_input, "no stage of job pix2pix.freeze is among the needs");
    }
    const auto model = model_of(unit);
    if (!model) return tl::unexpected(model.error());
    const auto translator = open_translator(*model, val.side);
    if (!translator) return tl::unexpected(translator.error());
    const Parameters& params = unit.params();
    const auto scored = evaluate_pairs(**translator, val, params, *baseline);
    if (!scored) return tl::unexpected(scored.error());
    const ProxyWeights weights = proxy_weights(params);
    const std::string& config = params.text("config");
    const std::string proxy_name =
        fmt::format("eval_proxy/{}_landmark6_proxy.json", config.empty() ? "best" : config);
    const Object objects[] = {
        metrics_of(*scored),
        failures_of(scored->summary, **baseline),
        proxy_of(scored->summary, params),
    };
    const std::string names[] = {metrics_name, failures_name, proxy_name};
    for (std::size_t i = 0; i < std::size(names); ++i) {
        auto left = leave_text(unit, names[i], format_json_pretty(objects[i]));
        if (!left) return left;
    }
    const std::string table = format_pair_scores(val.ids, scored->scores, weights, *baseline);
    if (auto left = leave_text(unit, scores_name, table); !left) return left;
    if (auto left = leave_state(unit, translations_folder, store_translations(scored->made));
        !left) {
        return left;
    }
    Object row;
    add_summary_columns(row, scored->summary);
    set_member(row, checks_column, "");
    return unit.report(row);
}

}  // namespace

}  // namespace pix2pix

Result<JobEnd> run_pix2pix_eval(NativeUnit& unit) {
    if (auto done = pix2pix::evaluate(unit); !done) return tl::unexpected(done.error());
    return JobEnd::done;
}

}  // namespace xorch
