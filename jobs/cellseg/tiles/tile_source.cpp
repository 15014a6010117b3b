#include "jobs/cellseg/tiles/tile_source.h"

#include <set>
#include <utility>

#include "jobs/cellseg/flows/labels.h"
#include "jobs/files/image_file.h"

namespace xorch::cellseg {

namespace {

Tile to_tile(const Plane& dapi, const Plane& marker) {
    return {
        .channels = {normalise(dapi), normalise(marker), Plane(dapi.height, dapi.width)}
    };
}

}  // namespace

CohortSettings cohort_settings(const NativeUnit& unit) {
    return {
        .seed = unit.seed(),
        .donors = static_cast<int>(unit.params().integer("donors")),
        .tiles = static_cast<int>(unit.params().integer("tiles")),
        .side = static_cast<int>(unit.params().integer("side"))};
}

Result<TileSource> TileSource::open(const NativeUnit& unit) {
    TileSource source;
    source.folder_ = unit.params().text("data");
    if (source.folder_.empty()) {
        source.cohort_.emplace(cohort_settings(unit));
        return source;
    }
    auto listed = list_tiles(source.folder_);
    if (!listed) return tl::unexpected(listed.error());
    if (listed->tiles.empty()) {
        return fail(
            ErrorCode::invalid_input,
            source.folder_ + ": no pair of *b0c0x*.tif and *b0c1x*.tif below marker and donor"
        );
    }
    source.files_ = std::move(listed->tiles);
    source.unmatched_ = std::move(listed->unmatched);
    return source;
}

int TileSource::count() const {
    return cohort_ ? cohort_->tiles() : static_cast<int>(files_.size());
}

TileFile TileSource::name(int tile) const {
    return cohort_ ? cohort_->name(tile) : files_[static_cast<std::size_t>(tile)];
}

Result<Tile> TileSource::load(int tile) const {
    if (cohort_) {
        const Scene scene = cohort_->draw(tile);
        Tile made = to_tile(scene.dapi, scene.marker);
        made.in_truth = count_cells(scene.labels);
        return made;
    }
    const TileFile& file = files_[static_cast<std::size_t>(tile)];
    const auto dapi = read_image(folder_ + "/" + file.c0);
    if (!dapi) return tl::unexpected(dapi.error());
    const auto marker = read_image(folder_ + "/" + file.c1);
    if (!marker) return tl::unexpected(marker.error());
    const Plane& first = dapi->front();
    const Plane& second = marker->front();
    if (first.height != second.height || first.width != second.width) {
        return fail(ErrorCode::invalid_input, file.key + ": its two files differ in size");
    }
    return to_tile(first, second);
}

std::vector<std::string> TileSource::vanished() const {
    std::set<std::string> there;
    for (int tile = 0; tile < count(); ++tile) {
        there.insert(name(tile).marker);
    }
    std::vector<std::string> missing;
    for (const std::string& marker : tile_markers()) {
        if (!there.contains(marker)) missing.push_back(marker);
    }
    return missing;
}

}  // namespace xorch::cellseg
