#include "jobs/cellseg/training_set.h"

#include <fmt/core.h>

#include "jobs/cellseg/data/subset.h"
#include "jobs/cellseg/flows/flow_targets.h"
#include "jobs/cellseg/unit_images.h"

namespace xorch::cellseg {

namespace {

Budget budget_of(const Parameters& params) {
    return {
        .images = params.integer("budget"),
        .repeat = params.integer("repeat"),
        .per_group = params.text("budget_of") == "group"};
}

// Those of one group; an empty name keeps all.
Result<void> keep_group(
    std::vector<CellFile>& files, const std::string& group, const std::string& folder
) {
    if (group.empty()) return {};
    std::erase_if(files, [&](const CellFile& file) { return file.group != group; });
    if (!files.empty()) return {};
    return fail(
        ErrorCode::invalid_input,
        fmt::format("{}: no training image is of the group \"{}\"", folder, group)
    );
}

}  // namespace

Result<TrainingSet> load_training_set(
    const NativeUnit& unit, const std::vector<CellFile>& files, const std::string& folder
) {
    auto candidates = files_of_split(files, "train", folder);
    if (!candidates) return tl::unexpected(candidates.error());
    if (auto kept = keep_group(*candidates, unit.params().text("group"), folder); !kept) {
        return tl::unexpected(kept.error());
    }
    auto images = load_cell_images(*candidates, image_settings(unit.params()));
    if (!images) return tl::unexpected(images.error());
    const std::int64_t least = unit.params().integer("min_train_masks");
    std::erase_if(*images, [&](const CellImage& image) { return image.cell_count < least; });
    if (images->empty()) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("{}: no training image has {} cells (min_train_masks)", folder, least)
        );
    }
    std::vector<std::string> groups;
    for (const CellImage& image : *images) {
        groups.push_back(image.group);
    }
    const Budget budget = budget_of(unit.params());
    const Subset subset = draw_subset(groups, budget, unit.seed());
    auto duplicate = clamped_duplicate(groups, budget, unit.params().text("budgets"));
    if (!duplicate) return tl::unexpected(duplicate.error());
    TrainingSet set{
        .images = {}, .effective = subset.effective, .duplicate_of = std::move(*duplicate)};
    for (const std::size_t member : subset.members) {
        CellImage& image = (*images)[member];
        FlowField flow = flow_targets(image.labels);
        set.images.push_back(
            {.channels = std::move(image.channels),
             .labels = std::move(image.labels),
             .flow = std::move(flow)}
        );
    }
    return set;
}

}  // namespace xorch::cellseg
