// anomaly.infer: the one pass of a network over the images of a class, which both tasks and all
// modes live on. A checkpoint holds the maps of the images so far.

#include <fmt/core.h>

#include <algorithm>

#include "core/hash.h"
#include "jobs/anomaly/data/class_images.h"
#include "jobs/anomaly/data/known_classes.h"
#include "jobs/anomaly/data/shots.h"
#include "jobs/anomaly/encode/branches.h"
#include "jobs/anomaly/encode/encoder.h"
#include "jobs/anomaly/encode/patch_memory.h"
#include "jobs/anomaly/jobs.h"
#include "jobs/anomaly/panel.h"
#include "jobs/anomaly/unit_files.h"
#include "jobs/files/file_bytes.h"
#include "jobs/files/image_file.h"
#include "jobs/files/path_hash.h"
#include "jobs/files/png_file.h"

namespace xorch {

namespace anomaly {

namespace {

Result<std::vector<std::size_t>> choose_shots(const Parameters& params, std::size_t count) {
    const auto shots = static_cast<std::size_t>(params.integer("k_shot"));
    const std::string& class_name = params.text("class_name");
    if (shots > count) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("{} shots of {} normal images of {}", shots, count, class_name)
        );
    }
    std::string path = params.text("shots");
    if (path.empty()) {
        const auto seed = static_cast<std::uint64_t>(params.integer("seed"));
        return draw_shots(seed, params.text("dataset") + "/" + class_name, count, shots);
    }
    auto text = read_bytes(path);
    if (!text) {
        path += fmt::format("/{}/{}", class_name, shots_file_name);
        text = read_bytes(path);
    }
    if (!text) return fail_with_context(text.error(), path);
    auto chosen = parse_shots(*text, count, shots);
    if (!chosen) return fail_with_context(chosen.error(), path);
    return chosen;
}

Plane map_of(const std::vector<float>& scores, int side) {
    Plane map(side, side);
    map.values = scores;
    return map;
}

double mean_of(const TaskMaps& maps, Plane ImageScores::*branch) {
    double sum = 0;
    double count = 0;
    for (const ImageScores& image : maps.images) {
        for (const float score : (image.*branch).values) {
            sum += score;
            ++count;
        }
    }
    return sum / count;
}

MemorySettings memory_settings(const Parameters& params) {
    return {
        .coreset = params.text("memory_bank") == "coreset",
        .share = params.number("coreset_share"),
        .neighbours = static_cast<int>(params.integer("neighbours"))};
}

class Inference {
 public:
    explicit Inference(NativeUnit& unit) : unit_(unit), memory_(memory_settings(unit.params())) {}

    Result<JobEnd> run() {
        for (const auto part :
             {&Inference::list, &Inference::open, &Inference::resume, &Inference::remember}) {
            if (auto done = (this->*part)(); !done) return tl::unexpected(done.error());
        }
        while (maps_.images.size() < files_.test.size()) {
            if (auto scored = score_next(); !scored) return tl::unexpected(scored.error());
            const auto done = static_cast<std::int64_t>(maps_.images.size());
            unit_.progress(done, static_cast<std::int64_t>(files_.test.size()));
            if (!unit_.should_checkpoint()) continue;
            if (auto saved = unit_.checkpoint(done, store_maps(maps_)); !saved) {
                return tl::unexpected(saved.error());
            }
            if (unit_.should_stop()) return JobEnd::checkpointed;
        }
        return finish();
    }

 private:
    Result<void> list() {
        const Parameters& params = unit_.params();
        const auto folder = given_or_left(unit_, "data", "anomaly");
        if (!folder) return tl::unexpected(folder.error());
        auto files = list_class(*folder, params.text("dataset"), params.text("class_name"));
        if (!files) return tl::unexpected(files.error());
        files_ = std::move(*files);
        const auto shots = choose_shots(params, files_.train.size());
        if (!shots) return tl::unexpected(shots.error());
        for (const std::size_t shot : *shots) {
            support_.push_back(files_.train[shot]);
        }
        std::vector<ImageFile> seen = support_;
        seen.insert(seen.end(), files_.test.begin(), files_.test.end());
        auto manifest = hash_manifest(seen);
        if (!manifest) return tl::unexpected(manifest.error());
        maps_.manifest_hash = std::move(*manifest);
        return {};
    }

    Result<void> open() {
        const auto path = given_or_left(unit_, "encoder", "encoder");
        if (!path) return tl::unexpected(path.error());
        auto encoder = open_encoder(*path, unit_.params().text("texts"));
        if (!encoder) return tl::unexpected(encoder.error());
        encoder_ = std::move(*encoder);
        auto texts = encoder_->texts(unit_.params().text("class_name"));
        if (!texts) return tl::unexpected(texts.error());
        texts_ = std::move(*texts);
        const auto hash = hash_path(*path);
        if (!hash) return tl::unexpected(hash.error());
        Hasher hasher;
        hasher.add(*hash);
        hasher.add(
            {reinterpret_cast<const char*>(texts_.values.data()),
             texts_.values.size() * sizeof(float)}
        );
        maps_.encoder_hash = hasher.finish();
        return {};
    }

    Result<void> resume() {
        const auto saved = unit_.resume();
        if (!saved) return tl::unexpected(saved.error());
        if (!*saved) return {};
        auto maps = restore_maps(**saved);
        if (!maps) return tl::unexpected(maps.error());
        if (maps->manifest_hash != maps_.manifest_hash ||
            maps->encoder_hash != maps_.encoder_hash || maps->images.size() > files_.test.size()) {
            return fail(
                ErrorCode::corrupted, "a checkpoint with maps of other images or another encoder"
            );
        }
        maps_ = std::move(*maps);
        return {};
    }

    Result<EncodedImage> encode(const std::string& path) {
        const auto image = load_image(
            path,
            {.order =
                 unit_.params().text("channels") == "bgr" ? ChannelOrder::bgr : ChannelOrder::rgb,
             .first_side = static_cast<int>(unit_.params().integer("first_side")),
             .side = encoder_->side()}
        );
        if (!image) return tl::unexpected(image.error());
        auto encoded = encoder_->encode(*image);
        if (!encoded) return fail_with_context(encoded.error(), path);
        return encoded;
    }

    // Fills the memory with the normal images.
    Result<void> remember() {
        for (const ImageFile& file : support_) {
            const auto encoded = encode(file.path);
            if (!encoded) return tl::unexpected(encoded.error());
            memory_.add(encoded->levels);
        }
        memory_.close();
        return {};
    }

    Result<void> score_next() {
        const ImageFile& file = files_.test[maps_.images.size()];
        const auto encoded = encode(file.path);
        if (!encoded) return tl::unexpected(encoded.error());
        auto mask = load_mask(file, static_cast<int>(unit_.params().integer("resolution")));
        if (!mask) return tl::unexpected(mask.error());
        const double scale = unit_.params().number("logit_scale");
        const MemoryScores memory = memory_.scores(encoded->levels);
        const int side = encoded->grid_side;
        maps_.images.push_back(
            {.name = file.name,
             .abnormal = file.abnormal,
             .semantic = semantic_scores(encoded->whole, texts_, scale)[0],
             .semantic_map = map_of(semantic_scores(encoded->patches, texts_, scale), side),
             .memory_map = map_of(memory.distance, side),
             .margin_map = map_of(memory.margin, side),
             .mask = std::move(*mask)}
        );
        return {};
    }

    Result<JobEnd> finish() {
        if (auto drawn = draw(); !drawn) return tl::unexpected(drawn.error());
        const auto folder = unit_.artifact("maps");
        if (!folder) return tl::unexpected(folder.error());
        const auto hash = write_maps(*folder, maps_);
        if (!hash) return tl::unexpected(hash.error());
        if (auto reported = unit_.report(record(*hash)); !reported) {
            return tl::unexpected(reported.error());
        }
        return JobEnd::done;
    }

    Result<void> draw() {
        std::vector<Picture> panels;
        const auto wanted = static_cast<std::size_t>(unit_.params().integer("panels"));
        const PanelRanges ranges = ranges_of(maps_);
        for (std::size_t i = 0; i < files_.test.size() && panels.size() < wanted; ++i) {
            if (!files_.test[i].abnormal) continue;
            const auto image = read_raster(files_.test[i].path);
            if (!image) return tl::unexpected(image.error());
            panels.push_back(draw_panel(maps_.images[i], *image, ranges));
        }
        if (panels.empty()) return {};
        const auto path = unit_.artifact("maps.png");
        if (!path) return tl::unexpected(path.error());
        return write_png(*path, stack(panels));
    }

    Object record(const std::string& maps_hash) const {
        const Parameters& params = unit_.params();
        const std::string_view family =
            family_of(params.text("dataset"), params.text("class_name"));
        std::string support;
        for (const ImageFile& file : support_) {
            support += (support.empty() ? "" : " ") + file.name;
        }
        const auto abnormal =
            std::count_if(maps_.images.begin(), maps_.images.end(), [](const ImageScores& image) {
                return image.abnormal;
            });
        return {
            {"layout",                   files_.layout                                 },
            {"family",                   std::string(family)                           },
            {"support",                  support                                       },
            {"test_n",                   static_cast<std::int64_t>(maps_.images.size())},
            {"abnormal_n",               static_cast<std::int64_t>(abnormal)           },
            {"grid_side",                maps_.images[0].semantic_map.height           },
            {"mean_semantic",            mean_of(maps_,                                  &ImageScores::semantic_map)},
            {"mean_memory",                          mean_of(maps_,                                                            &ImageScores::memory_map)},
            {"mean_margin", mean_of(maps_,&ImageScores::margin_map)},
            {"channels_seen",             params.text("channels")                                              },
            {"manifest_hash",            maps_.manifest_hash                      },
            {"encoder_hash",            maps_.encoder_hash                           },
            {"maps_hash",             maps_hash                             },
        };
    }

    NativeUnit& unit_;
    ClassFiles files_;
    std::vector<ImageFile> support_;
    std::unique_ptr<Encoder> encoder_;
    Features texts_;
    PatchMemory memory_;
    TaskMaps maps_;  // of the test images so far
};

}  // namespace

}  // namespace anomaly

Result<JobEnd> run_anomaly_infer(NativeUnit& unit) {
    return anomaly::Inference(unit).run();
}

}  // namespace xorch
