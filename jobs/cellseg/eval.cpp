// cellseg.eval: a trained network, or a TorchScript module of the user's, on the images of a split.

#include "jobs/cellseg/jobs.h"
#include "jobs/cellseg/scoring.h"
#include "jobs/cellseg/unit_images.h"

namespace xorch {

namespace cellseg {

namespace {

Result<Scoring> load_scoring(const NativeUnit& unit) {
    auto images = load_eval_images(unit);
    if (!images) return tl::unexpected(images.error());
    return Scoring{
        .images = std::move(*images),
        .scores = {},
        .tile = static_cast<int>(unit.params().integer("tile")),
        .masks = mask_settings(unit.params())};
}

}  // namespace

}  // namespace cellseg

Result<JobEnd> run_cellseg_eval(NativeUnit& unit) {
    using namespace cellseg;
    if (auto ok = check_multiple(unit.params(), "tile", 16); !ok) {
        return tl::unexpected(ok.error());
    }
    const auto model = require_model(unit);
    if (!model) return tl::unexpected(model.error());
    const auto predictor = open_predictor(model->path);
    if (!predictor) return tl::unexpected(predictor.error());
    auto scoring = load_scoring(unit);
    if (!scoring) return tl::unexpected(scoring.error());
    const auto saved = unit.resume();
    if (!saved) return tl::unexpected(saved.error());
    if (*saved) {
        auto scores = load_scores(**saved, scoring->images);
        if (!scores) return tl::unexpected(scores.error());
        scoring->scores = std::move(*scores);
    }
    const auto end = score_split(unit, **predictor, *scoring, [&](std::int64_t images) {
        JobState state;
        store_scores(state, scoring->scores);
        return unit.checkpoint(images, state);
    });
    if (!end || *end == JobEnd::checkpointed) return end;
    if (auto written = write_scoring_artifacts(unit, **predictor, *scoring); !written) {
        return tl::unexpected(written.error());
    }
    Object row;
    set_member(row, "eval_split", unit.params().text("eval_split"));
    set_member(row, "eval_n", static_cast<std::int64_t>(scoring->images.size()));
    set_member(row, "model_path", model->shown);
    add_scores(row, scoring->scores);
    if (auto reported = unit.report(row); !reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

}  // namespace xorch
