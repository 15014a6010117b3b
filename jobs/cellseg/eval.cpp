// cellseg.eval: a trained network, or a TorchScript module of the user's, on the images of a split.

#include "jobs/cellseg/jobs.h"
#include "jobs/cellseg/scoring.h"
#include "jobs/cellseg/unit_images.h"

namespace xorch {

namespace cellseg {

namespace {

struct ModelPlace {
    std::string path;
    std::string shown;  // as a record names it: never absolute
};

Result<ModelPlace> model_of(const NativeUnit& unit) {
    if (const std::string& model = unit.params().text("model"); !model.empty()) {
        return ModelPlace{model, model.substr(model.rfind('/') + 1)};
    }
    const auto input = unit.input("train");
    if (!input) {
        return fail(
            ErrorCode::invalid_input,
            "no model: neither the parameter model nor an input of stage \"train\" is there"
        );
    }
    return ModelPlace{(*input)->directory + "/model", "model"};
}

Result<Scoring> load_scoring(const NativeUnit& unit) {
    const auto folder = data_folder(unit);
    if (!folder) return tl::unexpected(folder.error());
    const auto files = list_cells(*folder);
    if (!files) return tl::unexpected(files.error());
    const auto chosen = files_of_split(*files, unit.params().text("eval_split"), *folder);
    if (!chosen) return tl::unexpected(chosen.error());
    auto images = load_cell_images(*chosen, image_settings(unit.params()));
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
    const auto model = model_of(unit);
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
