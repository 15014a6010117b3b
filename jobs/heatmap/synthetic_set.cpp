// heatmap.synthetic: made images in the layout of DIOR, so that a sweep needs no data beside
// itself. Starts over when stopped: it takes seconds.

#include <filesystem>

#include "jobs/heatmap/data/dior_folder.h"
#include "jobs/heatmap/data/synthetic.h"
#include "jobs/heatmap/jobs.h"

namespace xorch {

Result<JobEnd> run_heatmap_synthetic(NativeUnit& unit) {
    using namespace heatmap;
    const auto inside = unit.artifact("dior/ImageSets");
    if (!inside) return tl::unexpected(inside.error());
    const std::string folder = std::filesystem::path(*inside).parent_path().string();
    const SyntheticOptions options{
        .seed = static_cast<std::uint64_t>(unit.params().integer("seed")),
        .object_classes = static_cast<int>(unit.params().integer("object_classes"))};
    if (auto made = make_scenes(folder, options); !made) return tl::unexpected(made.error());
    Object row;
    for (const char* split : {"train", "val", "test"}) {
        const auto images = list_split(folder, split);
        if (!images) return tl::unexpected(images.error());
        set_member(row, split, static_cast<std::int64_t>(images->size()));
    }
    if (auto reported = unit.report(row); !reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

}  // namespace xorch
