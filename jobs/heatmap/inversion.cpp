// heatmap.invert: pictures of maps before and after surgery, and of the latter turned over.

#include <fmt/core.h>

#include "jobs/files/png_file.h"
#include "jobs/heatmap/jobs.h"
#include "jobs/heatmap/report/heat_picture.h"
#include "jobs/heatmap/unit_rules.h"
#include "jobs/heatmap/unit_samples.h"

namespace xorch {

namespace heatmap {

namespace {

Result<Picture> draw_comparison(
    const FeatureCache& cache, const Sample& sample, const SimilarityRules& rules
) {
    const CachedScene& scene = cache.scenes()[sample.scene];
    const auto image = cache.picture(scene);
    if (!image) return tl::unexpected(image.error());
    const auto tokens = cache.tokens(scene);
    if (!tokens) return tl::unexpected(tokens.error());
    SimilarityRules raw = rules;
    raw.surgery = Surgery::none;
    const auto map_of = [&](const SimilarityRules& each) {
        return spread(compare_patches(*tokens, cache.texts(), sample.place, each).map);
    };
    const HeatMap after = map_of(rules);
    std::vector<Pane> panes{
        {.title = fmt::format("{} {}", scene.id, name_of(sample.of)),                   .picture = *image},
        {.title = "raw",                            .picture = draw_heat(*image,                       map_of(raw))     },
        {.title = "surgery",                            .picture = draw_heat(*image,                   after)},
        {.title = "inverted",                            .picture = draw_heat(*image,                  inverted(after))    },
    };
    for (Pane& pane : panes) {
        for (const Box& box : sample.boxes) {
            draw_box(pane.picture, box, true_colour);
        }
    }
    return draw_panes(panes);
}

}  // namespace

}  // namespace heatmap

Result<JobEnd> run_heatmap_invert(NativeUnit& unit) {
    using namespace heatmap;
    const auto chosen = open_samples(unit);
    if (!chosen) return tl::unexpected(chosen.error());
    int number = 0;
    for (const Sample& sample : chosen->samples) {
        const auto picture =
            draw_comparison(chosen->cache, sample, similarity_rules(unit.params()));
        if (!picture) return tl::unexpected(picture.error());
        const auto path = unit.artifact(fmt::format("comparison_{:03}.png", number++));
        if (!path) return tl::unexpected(path.error());
        if (auto ok = write_png(*path, *picture); !ok) return tl::unexpected(ok.error());
    }
    const auto reported = unit.report({
        {"pictures", number},
    });
    if (!reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

}  // namespace xorch
