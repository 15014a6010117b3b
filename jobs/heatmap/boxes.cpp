// heatmap.boxes: boxes around what a threshold leaves of each map, and how well they find the true
// ones; beside them a box around the whole image, which looks at nothing. A pure function of
// features and maps, and quick: it starts over when stopped.

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/hash.h"
#include "jobs/files/png_file.h"
#include "jobs/heatmap/jobs.h"
#include "jobs/heatmap/map_file.h"
#include "jobs/heatmap/report/heat_picture.h"
#include "jobs/heatmap/report/json_file.h"
#include "jobs/heatmap/unit_rules.h"

namespace xorch {

namespace heatmap {

namespace {

const std::vector<double> least_overlaps{0.05, 0.10, 0.20, 0.50};
constexpr std::array overlap_names{"mAP_005", "mAP_010", "mAP_020", "mAP_050"};

struct ScoredBox {
    Box box;
    double score = 0;
};

struct Found {
    BoxesByClass boxes;
    BoxesByClass full;  // the control
    double area = 0;    // of all boxes, in images
    int count = 0;
    Hasher hash;
};

double threshold_of(const Thresholds& thresholds, const BoxRules& rules) {
    const double threshold = rules.takes_top     ? thresholds.top(rules.percent)
                             : rules.is_inverted ? thresholds.inverted_percentile(rules.percent)
                                                 : thresholds.percentile(rules.percent);
    if (!rules.is_scaled) return threshold;
    const double least = rules.is_inverted ? -thresholds.percentile(100) : thresholds.percentile(0);
    const double range = thresholds.percentile(100) - thresholds.percentile(0);
    return range == 0 ? 0 : (threshold - least) / range;
}

std::vector<ScoredBox> find_boxes(
    const HeatMap& map, const Thresholds& thresholds, const BoxRules& rules
) {
    std::vector<Box> boxes{whole_image};
    if (!rules.is_full_box) {
        const PixelMask mask = apply_threshold(
            rules.is_scaled ? min_max(map) : map,
            {.threshold = threshold_of(thresholds, rules), .includes_equal = rules.includes_equal}
        );
        boxes = boxes_around(mask, rules.regions);
    }
    std::vector<ScoredBox> scored;
    for (const Box& box : boxes) {
        scored.push_back({.box = box, .score = mean_inside(map, box)});
    }
    return scored;
}

void add(
    const std::vector<ScoredBox>& boxes, const HeatMap& map, const Sample& sample, Found& found
) {
    const auto image = static_cast<int>(sample.scene);
    for (const ScoredBox& scored : boxes) {
        const Box& box = scored.box;
        found.boxes[sample.of].detections.push_back({image, box, scored.score});
        found.area += box.area() / whole_image.area();
        ++found.count;
        found.hash.add(fmt::format(
            "{} {} {} {} {} {}\n", image, sample.of, box.left, box.top, box.right, box.bottom
        ));
    }
    found.full[sample.of].detections.push_back({image, whole_image, mean_inside(map, whole_image)});
    for (const Box& box : sample.boxes) {
        found.boxes[sample.of].truths.push_back({image, box});
        found.full[sample.of].truths.push_back({image, box});
    }
}

// sample_000_ship.png in a folder that is named after the recipe.
Result<void> draw(
    NativeUnit& unit, const Picture& image, const Pane& heat, const std::string& name
) {
    const auto path = unit.artifact(name);
    if (!path) return tl::unexpected(path.error());
    return write_png(
        *path,
        draw_panes({
            {.title = heat.title, .picture = image       },
            {.title = "boxes",    .picture = heat.picture}
    })
    );
}

std::string picture_name(const Parameters& params, std::size_t number, const Sample& sample) {
    std::string folder = params.text("recipe");
    std::replace(folder.begin(), folder.end(), '_', '-');
    return fmt::format("{}/sample_{:03}_{}.png", folder, number, name_of(sample.of));
}

class BoxSearch {
 public:
    BoxSearch(NativeUnit& unit, const FeatureCache& cache)
        : unit_(unit), cache_(cache), rules_(box_rules(unit.params())) {}

    Result<void> look_at(const Sample& sample, const SampleMap& map) {
        HeatMap heat = spread(map.map);
        if (rules_.is_inverted) heat = inverted(heat);
        const auto boxes = find_boxes(heat, map.thresholds, rules_);
        add(boxes, heat, sample, found_);
        const auto number = number_++;
        if (static_cast<std::int64_t>(number) >= unit_.params().integer("pictures")) return {};
        const CachedScene& scene = cache_.scenes()[sample.scene];
        auto image = cache_.picture(scene);
        if (!image) return tl::unexpected(image.error());
        Pane pane{
            .title = fmt::format("{} {}", scene.id, name_of(sample.of)),
            .picture = draw_heat(*image, heat)};
        for (const Box& box : sample.boxes) {
            draw_box(*image, box, true_colour);
            draw_box(pane.picture, box, true_colour);
        }
        for (const ScoredBox& scored : boxes) {
            draw_box(pane.picture, scored.box, found_colour);
        }
        return draw(unit_, *image, pane, picture_name(unit_.params(), number, sample));
    }

    Found& found() { return found_; }

    const BoxRules& rules() const { return rules_; }

 private:
    NativeUnit& unit_;
    const FeatureCache& cache_;
    BoxRules rules_;
    Found found_{};
    std::size_t number_ = 0;
};

// The maps are those of the surgery that the unit is named after.
Result<std::string> feature_hash_of(const NativeUnit& unit, const UnitInput& maps) {
    const Value* made = find_member(maps.params, "surgery");
    const Value expected(unit.params().text("surgery"));
    if (made != nullptr && *made != expected) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("surgery = {}, and maps of {}", format_plain(expected), format_plain(*made))
        );
    }
    const Value* hash = find_member(maps.records.back(), "feature_hash");
    return hash == nullptr ? "" : format_plain(*hash);
}

void add_scores(Object& row, const std::string& prefix, const MeanPrecision& precision) {
    for (std::size_t i = 0; i < overlap_names.size(); ++i) {
        set_member(row, prefix + overlap_names[i], precision.mean[i]);
    }
}

Object per_class(const MeanPrecision& precision) {
    Object classes;
    for (const auto& [number, values] : precision.classes) {
        Object scores;
        for (std::size_t i = 0; i < overlap_names.size(); ++i) {
            set_member(scores, overlap_names[i], values[i]);
        }
        set_member(classes, name_of(number), scores);
    }
    return classes;
}

Result<void> report(NativeUnit& unit, BoxSearch& search, const std::string& feature_hash) {
    Found& found = search.found();
    const Matching matching = matching_of(unit.params());
    const auto own = mean_precision(found.boxes, least_overlaps, matching);
    const auto full = mean_precision(found.full, least_overlaps, matching);
    if (!own || !full) return fail(ErrorCode::invalid_input, "no class with a true box");
    std::vector<std::string_view> checks;
    if (!search.rules().is_full_box && full->mean[0] >= own->mean[0]) {
        checks.emplace_back("CONTROL_WINS");
    }
    if (matching == Matching::pooled) checks.emplace_back("POOLED_MATCHING");
    Object row;
    add_scores(row, "", *own);
    add_scores(row, "fullbox_", *full);
    set_member(row, "boxes", found.count);
    set_member(row, "box_area_fraction", found.count == 0 ? 0.0 : found.area / found.count);
    set_member(row, "feature_hash", feature_hash);
    set_member(row, "box_hash", found.hash.finish());
    set_member(row, checks_column, reported_checks_cell(checks));
    Object file{
        {"method",    unit.params().text("recipe")      },
        {"surgery",   unit.params().text("surgery")     },
        {"matching",  unit.params().text("matching")    },
        {"threshold", unit.params().integer("threshold")},
        {"inverted",  unit.params().flag("inverted")    },
        {"rules",     describe(search.rules())          },
    };
    file.insert(file.end(), row.begin(), row.end());
    set_member(file, "per_class", per_class(*own));
    set_member(file, "open_points", open_points());
    if (auto ok = write_json(unit, "boxes.json", file); !ok) return ok;
    return unit.report(row);
}

}  // namespace

}  // namespace heatmap

Result<JobEnd> run_heatmap_boxes(NativeUnit& unit) {
    using namespace heatmap;
    const auto cache = FeatureCache::open(unit);
    if (!cache) return tl::unexpected(cache.error());
    const auto samples = cache->samples();
    if (!samples) return tl::unexpected(samples.error());
    const auto read = read_maps(unit, samples->size());
    if (!read) return tl::unexpected(read.error());
    const auto feature_hash = feature_hash_of(unit, *read->made_by);
    if (!feature_hash) return tl::unexpected(feature_hash.error());
    BoxSearch search(unit, *cache);
    if (search.rules().takes_top && search.rules().is_inverted) {
        return fail(ErrorCode::invalid_input, "the greatest values of an inverted map: no recipe");
    }
    for (std::size_t i = 0; i < samples->size(); ++i) {
        if (auto ok = search.look_at((*samples)[i], read->maps[i]); !ok) {
            return tl::unexpected(ok.error());
        }
    }
    if (auto ok = report(unit, search, *feature_hash); !ok) return tl::unexpected(ok.error());
    return JobEnd::done;
}

}  // namespace xorch
