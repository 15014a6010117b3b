// pix2pix.freeze: thresholds and hard cases of a baseline. Every later phase counts failures by
// them, whatever it achieves itself.

#include "core/check.h"
#include "jobs/pix2pix/evaluation.h"
#include "jobs/pix2pix/jobs.h"
#include "jobs/pix2pix/unit_pairs.h"
#include "jobs/unit_artifacts.h"

namespace xorch {

namespace pix2pix {

namespace {

Result<void> freeze(NativeUnit& unit) {
    const auto pairs = pairs_of(unit);
    if (!pairs) return tl::unexpected(pairs.error());
    const PairSet& val = pairs->val();
    if (val.size() < 2) return fail(ErrorCode::invalid_input, "thresholds of fewer than two pairs");
    const auto model = model_of(unit);
    if (!model) return tl::unexpected(model.error());
    const auto translator = open_translator(*model, val.side);
    if (!translator) return tl::unexpected(translator.error());
    const Parameters& params = unit.params();
    const auto scored = evaluate_pairs(**translator, val, params, std::nullopt);
    if (!scored) return tl::unexpected(scored.error());
    const double spread = params.number("spread");
    Baseline baseline{.thresholds = thresholds_of(scored->scores, spread), .hard = {}};
    baseline.hard = worst_failures(
        val.ids,
        scored->scores,
        baseline.thresholds,
        static_cast<std::size_t>(params.integer("hardcases"))
    );
    if (auto left = leave_text(unit, baseline_name, format_baseline(baseline, spread)); !left) {
        return left;
    }
    const std::string table =
        format_pair_scores(val.ids, scored->scores, proxy_weights(params), baseline);
    if (auto left = leave_text(unit, "val_per_sample_v2.csv", table); !left) return left;
    Object row{
        {"tau_l1",         baseline.thresholds.l1                         },
        {"tau_psnr",       baseline.thresholds.psnr                       },
        {"hardcase_total", static_cast<std::int64_t>(baseline.hard.size())}
    };
    add_summary_columns(row, summarise(scored->summary.means, val.ids, scored->scores, baseline));
    set_member(row, checks_column, "");
    return unit.report(row);
}

}  // namespace

}  // namespace pix2pix

Result<JobEnd> run_pix2pix_freeze(NativeUnit& unit) {
    if (auto done = pix2pix::freeze(unit); !done) return tl::unexpected(done.error());
    return JobEnd::done;
}

}  // namespace xorch
