#include "jobs/cellseg/score_files.h"

#include <fmt/core.h>

#include <charconv>
#include <map>

#include "core/disk.h"
#include "jobs/cellseg/data/delimited_table.h"
#include "jobs/cellseg/images/panel.h"
#include "jobs/files/png_file.h"
#include "jobs/unit_artifacts.h"

namespace xorch::cellseg {

namespace {

Result<int> parse_count(const std::string& text) {
    int count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc() && end == text.data() + text.size() && count >= 0) return count;
    return fail(ErrorCode::corrupted, "\"" + text + "\" is no count");
}

Result<ImageScore> parse_score(
    const std::vector<std::string>& row, const std::vector<std::size_t>& at
) {
    const auto hits = parse_count(row[at[2]]);
    const auto wrong = parse_count(row[at[3]]);
    const auto missed = parse_count(row[at[4]]);
    if (!hits) return tl::unexpected(hits.error());
    if (!wrong) return tl::unexpected(wrong.error());
    if (!missed) return tl::unexpected(missed.error());
    return ImageScore{
        .name = row[at[0]],
        .group = row[at[1]],
        .counts = {.true_positive = *hits, .false_positive = *wrong, .false_negative = *missed}
    };
}

Result<std::vector<ImageScore>> parse_scores(const DelimitedTable& table) {
    const auto at = find_columns(table, {"name", "group", "tp", "fp", "fn"});
    if (!at) return tl::unexpected(at.error());
    std::vector<ImageScore> scores;
    for (const std::vector<std::string>& row : table.rows) {
        auto score = parse_score(row, *at);
        if (!score) return tl::unexpected(score.error());
        scores.push_back(std::move(*score));
    }
    return scores;
}

}  // namespace

Result<void> write_image_scores(NativeUnit& unit, const std::vector<ImageScore>& scores) {
    std::string table = "name\tgroup\ttp\tfp\tfn\tap50\n";
    for (const ImageScore& score : scores) {
        table += fmt::format(
            "{}\t{}\t{}\t{}\t{}\t{}\n",
            score.name,
            score.group,
            score.counts.true_positive,
            score.counts.false_positive,
            score.counts.false_negative,
            average_precision(score.counts)
        );
    }
    return leave_text(unit, image_scores_name, table);
}

Result<std::vector<ImageScore>> read_image_scores(const std::string& path) {
    const auto table = read_delimited(path);
    if (!table) return tl::unexpected(table.error());
    auto scores = parse_scores(*table);
    if (!scores) return fail_with_context(scores.error(), path);
    return scores;
}

Result<void> write_panels(
    NativeUnit& unit, const std::vector<CellImage>& images, const Segmentation& segment
) {
    std::map<std::string, std::int64_t> shown;
    std::vector<Picture> panels;
    for (const CellImage& image : images) {
        if (shown[image.group] >= unit.params().integer("panels")) continue;
        ++shown[image.group];
        const auto predicted = segment(image);
        if (!predicted) return tl::unexpected(predicted.error());
        panels.push_back(draw_panel(image.channels, image.labels, *predicted));
    }
    if (panels.empty()) return {};
    const auto path = unit.artifact("panels.png");
    if (!path) return tl::unexpected(path.error());
    return write_png(*path, stack_pictures(panels));
}

}  // namespace xorch::cellseg
