// cellseg.predict: asks a network about each image of a split, once, and leaves its answers for
// units that make cells of them under many settings. A checkpoint holds the answers so far.

#include <algorithm>

#include "jobs/cellseg/jobs.h"
#include "jobs/cellseg/learn/inference.h"
#include "jobs/cellseg/post/output_cache.h"
#include "jobs/cellseg/unit_images.h"
#include "jobs/files/path_hash.h"

namespace xorch {

namespace cellseg {

namespace {

Result<std::vector<StoredTensor>> resume_outputs(NativeUnit& unit, std::size_t images) {
    auto saved = unit.resume();
    if (!saved) return tl::unexpected(saved.error());
    if (!*saved) return std::vector<StoredTensor>();
    if ((*saved)->tensors.size() > images) {
        return fail(
            ErrorCode::corrupted, "a checkpoint with outputs of more images than there are"
        );
    }
    return std::move((*saved)->tensors);
}

Result<void> save(NativeUnit& unit, const std::vector<StoredTensor>& outputs) {
    JobState state;
    state.tensors = outputs;
    return unit.checkpoint(static_cast<std::int64_t>(outputs.size()), state);
}

// Equal images have equal keys and one answer.
bool has_output(const std::vector<StoredTensor>& outputs, const std::string& key) {
    return std::any_of(outputs.begin(), outputs.end(), [&](const StoredTensor& tensor) {
        return tensor.name == key;
    });
}

Result<JobEnd> predict_split(
    NativeUnit& unit,
    const ModelPlace& model,
    const std::string& model_hash,
    const std::vector<CellImage>& images,
    std::vector<StoredTensor>& outputs
) {
    const auto predictor = open_predictor(model.path);
    if (!predictor) return tl::unexpected(predictor.error());
    const auto tile = static_cast<int>(unit.params().integer("tile"));
    while (outputs.size() < images.size()) {
        const CellImage& image = images[outputs.size()];
        const auto output = predict_image(**predictor, image.channels, tile);
        if (!output) return fail_with_context(output.error(), image.name);
        const std::string key = output_key(model_hash, image, tile);
        if (has_output(outputs, key)) {
            return fail(ErrorCode::invalid_input, image.name + ": the same image is there twice");
        }
        outputs.push_back(store_output(key, *output));
        if (!unit.should_checkpoint()) continue;
        if (auto saved = save(unit, outputs); !saved) return tl::unexpected(saved.error());
        if (unit.should_stop()) return JobEnd::checkpointed;
    }
    return JobEnd::done;
}

}  // namespace

}  // namespace cellseg

Result<JobEnd> run_cellseg_predict(NativeUnit& unit) {
    using namespace cellseg;
    if (auto ok = check_multiple(unit.params(), "tile", 16); !ok) {
        return tl::unexpected(ok.error());
    }
    const auto model = require_model(unit);
    if (!model) return tl::unexpected(model.error());
    const auto model_hash = hash_path(model->path);
    if (!model_hash) return tl::unexpected(model_hash.error());
    const auto images = load_eval_images(unit);
    if (!images) return tl::unexpected(images.error());
    auto outputs = resume_outputs(unit, images->size());
    if (!outputs) return tl::unexpected(outputs.error());
    const auto end = predict_split(unit, *model, *model_hash, *images, *outputs);
    if (!end || *end == JobEnd::checkpointed) return end;
    const auto outputs_hash = write_outputs(unit, *images, *outputs);
    if (!outputs_hash) return tl::unexpected(outputs_hash.error());
    const auto reported = unit.report({
        {"eval_split",   unit.params().text("eval_split")         },
        {"eval_n",       static_cast<std::int64_t>(images->size())},
        {"model_path",   model->shown                             },
        {"model_hash",   *model_hash                              },
        {"tile",         unit.params().integer("tile")            },
        {"outputs_hash", *outputs_hash                            },
    });
    if (!reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

}  // namespace xorch
