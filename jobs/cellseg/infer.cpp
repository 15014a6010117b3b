// cellseg.infer: counts the cells of one chunk of tiles. A checkpoint holds the counts so far and
// the hash of the chunk's list of tiles: a killed chunk goes on at its first tile without a count.

#include <fmt/core.h>

#include "core/check.h"
#include "core/hash.h"
#include "jobs/cellseg/checks.h"
#include "jobs/cellseg/jobs.h"
#include "jobs/cellseg/learn/inference.h"
#include "jobs/cellseg/score_files.h"
#include "jobs/cellseg/tiles/tile_counts.h"
#include "jobs/cellseg/tiles/tile_source.h"
#include "jobs/cellseg/unit_images.h"
#include "jobs/unit_artifacts.h"

namespace xorch {

namespace cellseg {

namespace {

constexpr std::size_t counts_per_tile = 4;

class TileRun {
 public:
    TileRun(NativeUnit& unit, TileSource source, std::unique_ptr<Predictor> predictor)
        : unit_(unit), source_(std::move(source)), predictor_(std::move(predictor)) {
        const std::int64_t chunks = unit.params().integer("chunks");
        const std::int64_t chunk = unit.params().integer("chunk");
        begin_ = static_cast<int>(source_.count() * chunk / chunks);
        end_ = static_cast<int>(source_.count() * (chunk + 1) / chunks);
        Hasher hasher;
        for (int tile = begin_; tile < end_; ++tile) {
            hasher.add(source_.name(tile).key + "\n");
        }
        tiles_hash_ = hasher.finish();
    }

    Result<JobEnd> run() {
        if (auto resumed = resume(); !resumed) return tl::unexpected(resumed.error());
        while (begin_ + static_cast<int>(counts_.size()) < end_) {
            if (auto counted = count_next(); !counted) return tl::unexpected(counted.error());
            unit_.progress(static_cast<std::int64_t>(counts_.size()), end_ - begin_);
            if (!unit_.should_checkpoint()) continue;
            if (auto saved = save(); !saved) return tl::unexpected(saved.error());
            if (unit_.should_stop()) return JobEnd::checkpointed;
        }
        if (auto written = write_rows(); !written) return tl::unexpected(written.error());
        if (auto drawn = draw_first_tiles(); !drawn) return tl::unexpected(drawn.error());
        if (auto reported = unit_.report(record()); !reported) {
            return tl::unexpected(reported.error());
        }
        return JobEnd::done;
    }

 private:
    Result<Labels> find_cells(const std::string& name, const Channels& channels) {
        const auto output =
            predict_image(*predictor_, channels, static_cast<int>(unit_.params().integer("tile")));
        if (!output) return fail_with_context(output.error(), name);
        return find_masks(*output, mask_settings(unit_.params()));
    }

    Result<void> count_next() {
        const int number = begin_ + static_cast<int>(counts_.size());
        const auto tile = source_.load(number);
        if (!tile) return tl::unexpected(tile.error());
        const auto cells = find_cells(source_.name(number).key, tile->channels);
        if (!cells) return tl::unexpected(cells.error());
        counts_.push_back(count_tile(*cells, tile->channels[1]));
        counts_.back().in_truth = tile->in_truth;
        return {};
    }

    // Outlines on the first `panels` tiles of each marker; nobody has drawn their true cells.
    Result<void> draw_first_tiles() {
        const std::int64_t wanted = unit_.params().integer("panels");
        std::map<std::string, std::int64_t> shown;
        std::vector<CellImage> images;
        for (int number = begin_; wanted > 0 && number < end_; ++number) {
            const TileFile name = source_.name(number);
            if (++shown[name.marker] > wanted) continue;
            auto tile = source_.load(number);
            if (!tile) return tl::unexpected(tile.error());
            const Labels none(tile->channels[0].height, tile->channels[0].width);
            images.push_back({name.key, name.marker, std::move(tile->channels), none});
        }
        return write_panels(unit_, images, [&](const CellImage& image) {
            return find_cells(image.name, image.channels);
        });
    }

    Result<void> resume() {
        const auto saved = unit_.resume();
        if (!saved) return tl::unexpected(saved.error());
        if (!*saved) return {};
        const auto hash = (*saved)->text("tiles_hash");
        const auto numbers = (*saved)->numbers("counts");
        if (!hash) return tl::unexpected(hash.error());
        if (!numbers) return tl::unexpected(numbers.error());
        if (*hash != tiles_hash_ || numbers->size() % counts_per_tile != 0 ||
            numbers->size() / counts_per_tile > static_cast<std::size_t>(end_ - begin_)) {
            return fail(ErrorCode::corrupted, "a checkpoint with counts of other tiles");
        }
        for (std::size_t at = 0; at < numbers->size(); at += counts_per_tile) {
            counts_.push_back(
                {.total = static_cast<int>((*numbers)[at]),
                 .positive = static_cast<int>((*numbers)[at + 1]),
                 .area = static_cast<int>((*numbers)[at + 2]),
                 .in_truth = static_cast<int>((*numbers)[at + 3])}
            );
        }
        return {};
    }

    Result<void> save() {
        std::vector<double> numbers;
        for (const TileCounts& counts : counts_) {
            for (const int number : {counts.total, counts.positive, counts.area, counts.in_truth}) {
                numbers.push_back(number);
            }
        }
        JobState state;
        set_member(state.values, "tiles_hash", tiles_hash_);
        state.add_numbers("counts", numbers);
        return unit_.checkpoint(static_cast<std::int64_t>(counts_.size()), state);
    }

    Result<void> write_rows() {
        std::vector<TileRow> rows;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            rows.push_back(
                {.model = unit_.params().text("recipe"),
                 .tile = source_.name(begin_ + static_cast<int>(i)),
                 .counts = counts_[i]}
            );
        }
        return leave_text(unit_, tile_counts_name, format_tile_rows(rows));
    }

    Object record() const {
        std::int64_t cells = 0;
        std::int64_t positive = 0;
        for (const TileCounts& counts : counts_) {
            cells += counts.total;
            positive += counts.positive;
        }
        Object row{
            {"tiles",      static_cast<std::int64_t>(counts_.size())},
            {"cells",      cells                                    },
            {"positive",   positive                                 },
            {"tiles_hash", tiles_hash_                              },
        };
        // Of the whole folder, in every chunk: whoever sees one row sees what is missing.
        std::vector<std::string_view> checks;
        for (const auto& [marker, files] : source_.unmatched()) {
            set_member(row, "unmatched_" + (marker.empty() ? "no_marker" : marker), files);
            if (checks.empty()) checks.push_back(check_unmatched_files);
        }
        if (!source_.vanished().empty()) checks.push_back(check_marker_vanished);
        set_member(row, checks_column, reported_checks_cell(checks));
        return row;
    }

    NativeUnit& unit_;
    TileSource source_;
    std::unique_ptr<Predictor> predictor_;
    int begin_ = 0;  // of the chunk's tiles
    int end_ = 0;
    std::string tiles_hash_;
    std::vector<TileCounts> counts_;  // of the first tiles of the chunk
};

}  // namespace

}  // namespace cellseg

Result<JobEnd> run_cellseg_infer(NativeUnit& unit) {
    using namespace cellseg;
    if (auto ok = check_multiple(unit.params(), "tile", 16); !ok) {
        return tl::unexpected(ok.error());
    }
    if (unit.params().integer("chunk") >= unit.params().integer("chunks")) {
        return fail(ErrorCode::invalid_input, "chunk counts from 0 and stays below chunks");
    }
    const auto model = require_model(unit);
    if (!model) return tl::unexpected(model.error());
    auto predictor = open_predictor(model->path);
    if (!predictor) return tl::unexpected(predictor.error());
    auto source = TileSource::open(unit);
    if (!source) return tl::unexpected(source.error());
    return TileRun(unit, std::move(*source), std::move(*predictor)).run();
}

}  // namespace xorch
