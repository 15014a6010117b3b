#include "tests/jobs/anomaly/simple_maps.h"

#include "jobs/random/random_stream.h"

namespace xorch::anomaly {

namespace {

ImageScores simple_image(std::uint64_t seed, std::int64_t number, const MapSizes& sizes) {
    RandomStream random(seed, "simple maps", {number});
    ImageScores image;
    image.name = "image " + std::to_string(number);
    image.abnormal = number % 2 == 1;
    image.mask = TruthMask(sizes.resolution, sizes.resolution);
    for (Plane* map : {&image.semantic_map, &image.memory_map, &image.margin_map}) {
        *map = Plane(sizes.side, sizes.side);
        for (float& score : map->values) {
            score = static_cast<float>(random.uniform());
        }
    }
    image.semantic = static_cast<float>(random.uniform());
    if (!image.abnormal) return image;
    for (int y = 0; y < sizes.resolution / 2; ++y) {
        for (int x = 0; x < sizes.resolution / 2; ++x) {
            image.mask.at(y, x) = 1;
        }
    }
    for (int y = 0; y < sizes.side / 2; ++y) {
        for (int x = 0; x < sizes.side / 2; ++x) {
            image.semantic_map.at(y, x) += 0.3F;
            image.memory_map.at(y, x) += 0.6F;
        }
    }
    image.semantic += 0.4F;
    return image;
}

}  // namespace

TaskMaps simple_maps(std::uint64_t seed, MapSizes sizes) {
    TaskMaps maps{.manifest_hash = "of images", .encoder_hash = "of an encoder", .images = {}};
    for (int i = 0; i < sizes.images; ++i) {
        maps.images.push_back(simple_image(seed, i, sizes));
    }
    return maps;
}

}  // namespace xorch::anomaly
