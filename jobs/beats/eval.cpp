// beats.eval: a trained network, or a TorchScript module of the user's, on prepared beats.

#include "jobs/beats/jobs.h"
#include "jobs/beats/learn/classifier.h"
#include "jobs/beats/report/confusion_picture.h"
#include "jobs/beats/report/score_columns.h"
#include "jobs/beats/unit_beats.h"
#include "jobs/files/png_file.h"

namespace xorch {

Result<JobEnd> run_beats_eval(NativeUnit& unit) {
    using namespace beats;
    std::string model = unit.params().text("model");
    if (model.empty()) {
        const auto trained = input_artifact(unit, "train", "model");
        if (!trained) return tl::unexpected(trained.error());
        model = *trained;
    }
    const auto classifier = open_classifier(model);
    if (!classifier) return tl::unexpected(classifier.error());
    const auto beats = beats_of(unit);
    if (!beats) return tl::unexpected(beats.error());
    const std::int64_t batch = unit.params().integer("batch");
    const auto val = evaluate(**classifier, beats->val, batch);
    if (!val) return tl::unexpected(val.error());
    const auto gen = evaluate(**classifier, beats->generalisation, batch);
    if (!gen) return tl::unexpected(gen.error());
    const auto picture = unit.artifact("confusion.png");
    if (!picture) return tl::unexpected(picture.error());
    const auto written = write_png(
        *picture,
        draw_confusions({
            {"validation", val->confusion},
            {"others",     gen->confusion}
    })
    );
    if (!written) return tl::unexpected(written.error());
    Object row;
    add_columns(row, "val", val->confusion);
    add_columns(row, "gen", gen->confusion);
    set_member(row, "val_loss", val->loss);
    set_member(row, "gen_loss", gen->loss);
    set_member(row, "model_path", model.substr(model.rfind('/') + 1));  // never absolute
    if (auto reported = unit.report(row); !reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

}  // namespace xorch
