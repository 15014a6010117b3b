// cellseg.segment: cells of network outputs that another unit left, under settings of its own, and
// their scores; with a gate also the scores of what the gate keeps. No network is asked. A unit
// takes a second or two and starts over when stopped.

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "core/json.h"
#include "jobs/cellseg/jobs.h"
#include "jobs/cellseg/metrics/gating.h"
#include "jobs/cellseg/post/output_cache.h"
#include "jobs/cellseg/score_files.h"
#include "jobs/cellseg/unit_images.h"
#include "jobs/files/path_hash.h"
#include "jobs/unit_artifacts.h"

namespace xorch {

namespace cellseg {

namespace {

Gate gate_of(const Parameters& params) {
    return {
        .low = params.number("gate_low"),
        .high = params.number("gate_high"),
        .min_area = static_cast<int>(params.integer("gate_area"))};
}

// In a grey image the only channel plays the marker's part.
const Plane& marker_of(const CellImage& image) {
    const std::vector<float>& values = image.channels[1].values;
    const bool blank = std::all_of(values.begin(), values.end(), [](float v) { return v == 0.0F; });
    return image.channels[blank ? 0 : 1];
}

struct Segmented {
    std::vector<Labels> labels;  // by image
    std::vector<ImageScore> scores;
};

Result<Segmented> segment_all(
    const NativeUnit& unit, const OutputCache& cache, const std::vector<CellImage>& images
) {
    Segmented segmented;
    for (const CellImage& image : images) {
        const auto output = cache.find(image);
        if (!output) return tl::unexpected(output.error());
        segmented.labels.push_back(find_masks(*output, mask_settings(unit.params())));
        segmented.scores.push_back(score_image(image, segmented.labels.back()));
    }
    return segmented;
}

Segmented apply_gate_to_all(
    const std::vector<CellImage>& images, const Segmented& raw, const Gate& gate
) {
    Segmented gated;
    for (std::size_t i = 0; i < images.size(); ++i) {
        gated.labels.push_back(apply_gate(raw.labels[i], marker_of(images[i]), gate));
        gated.scores.push_back(score_image(images[i], gated.labels.back()));
    }
    return gated;
}

// raw_, gated_ and delta_ of each score.
void add_comparison(Object& row, const Object& raw, const Object& gated) {
    for (const auto& [name, value] : raw) {
        const double before = value.as_number().value();
        const double after = find_member(gated, name)->as_number().value();
        set_member(row, "gated_" + name, after);
        set_member(row, "delta_" + name, after - before);
    }
}

std::string comparison_name(const NativeUnit& unit, std::string_view ending) {
    const Parameters& params = unit.params();
    const std::string& recipe = params.text("recipe");
    return fmt::format(
        "e3_gating_{}_{}_q{}_{}_a{}.{}",
        recipe.empty() ? "model" : recipe,
        params.text("eval_split"),
        params.number("gate_low"),
        params.number("gate_high"),
        params.integer("gate_area"),
        ending
    );
}

// A row per group with raw, gated and delta of four scores, as a table and as JSON.
Result<void> write_comparison(NativeUnit& unit, const Object& raw, const Object& gated) {
    constexpr std::string_view last = "_ap50";
    std::string table = "group";
    for (const char* kind : {"raw", "gated", "delta"}) {
        for (const char* metric : {"ap50", "precision", "recall", "f1"}) {
            table += fmt::format("\t{}_{}", kind, metric);
        }
    }
    table += "\n";
    Object all;
    for (const auto& [name, value] : raw) {
        if (!name.ends_with(last)) continue;
        const std::string group = name.substr(0, name.size() - last.size());
        Object row;
        for (const std::string kind : {"raw", "gated", "delta"}) {
            for (const std::string metric : {"ap50", "precision", "recall", "f1"}) {
                const double before = find_member(raw, group + "_" + metric)->as_number().value();
                const double after = find_member(gated, group + "_" + metric)->as_number().value();
                const double shown =
                    kind == "raw" ? before : (kind == "gated" ? after : after - before);
                set_member(row, kind + "_" + metric, shown);
            }
        }
        table += group;
        for (const auto& [column, cell] : row) {
            table += "\t" + format_plain(cell);
        }
        table += "\n";
        set_member(all, group, std::move(row));
    }
    if (auto left = leave_text(unit, comparison_name(unit, "tsv"), table); !left) return left;
    return leave_text(unit, comparison_name(unit, "json"), format_json(Value(all)) + "\n");
}

// Where a network is an input as well, the outputs must be its own.
Result<void> check_model(const NativeUnit& unit, const OutputCache& cache) {
    const auto model = find_left(unit, model_folder);
    if (!model) return tl::unexpected(model.error());
    if (!*model) return {};
    const auto hash = hash_path(**model);
    if (!hash) return tl::unexpected(hash.error());
    if (*hash == cache.model_hash()) return {};
    return fail(
        ErrorCode::conflict,
        fmt::format("the outputs are those of the network {}, not of {}", cache.model_hash(), *hash)
    );
}

}  // namespace

}  // namespace cellseg

Result<JobEnd> run_cellseg_segment(NativeUnit& unit) {
    using namespace cellseg;
    const auto cache = OutputCache::open(unit);
    if (!cache) return tl::unexpected(cache.error());
    if (auto own = check_model(unit, *cache); !own) return tl::unexpected(own.error());
    const auto images = load_eval_images(unit);
    if (!images) return tl::unexpected(images.error());
    const auto raw = segment_all(unit, *cache, *images);
    if (!raw) return tl::unexpected(raw.error());
    Object scores;
    add_scores(scores, raw->scores);
    Object row{
        {"eval_split", unit.params().text("eval_split")         },
        {"eval_n",     static_cast<std::int64_t>(images->size())},
        {"model_hash", cache->model_hash()                      },
    };
    row.insert(row.end(), scores.begin(), scores.end());
    Segmented shown = *raw;
    if (unit.params().flag("gate")) {
        shown = apply_gate_to_all(*images, *raw, gate_of(unit.params()));
        Object gated;
        add_scores(gated, shown.scores);
        add_comparison(row, scores, gated);
        if (auto written = write_comparison(unit, scores, gated); !written) {
            return tl::unexpected(written.error());
        }
    }
    const auto drawn = write_panels(unit, *images, [&](const CellImage& image) -> Result<Labels> {
        return shown.labels[static_cast<std::size_t>(&image - images->data())];
    });
    if (!drawn) return tl::unexpected(drawn.error());
    if (auto written = write_image_scores(unit, shown.scores); !written) {
        return tl::unexpected(written.error());
    }
    if (auto reported = unit.report(row); !reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

}  // namespace xorch
