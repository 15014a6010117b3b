// anomaly.synthetic: made images, or real surfaces with planted defects, so that a sweep needs no
// data set beside itself. Starts over when stopped: it takes seconds.

#include <algorithm>
#include <string_view>

#include "jobs/anomaly/data/class_folder.h"
#include "jobs/anomaly/data/known_classes.h"
#include "jobs/anomaly/data/surfaces.h"
#include "jobs/anomaly/data/synthetic.h"
#include "jobs/anomaly/jobs.h"

namespace xorch {

namespace anomaly {

namespace {

std::vector<std::string> split_names(std::string_view text) {
    std::vector<std::string> names;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        names.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return names;
}

using Names = std::vector<std::pair<std::string, std::string>>;  // data set, class

Result<Names> make_images(const NativeUnit& unit, const std::string& folder) {
    Names names;
    const SurfacePictures pictures{
        .folder = unit.params().text("pictures"),
        .names = split_names(unit.params().text("surfaces"))};
    if (pictures.folder.empty()) {
        for (const KnownClass& known : known_classes()) {
            names.emplace_back(known.dataset, known.name);
        }
        if (auto made = make_anomalies(folder, unit.seed()); !made) {
            return tl::unexpected(made.error());
        }
        return names;
    }
    for (const std::string& name : pictures.names) {
        names.emplace_back("surfaces", name);
    }
    if (auto made = make_surfaces(folder, unit.seed(), pictures); !made) {
        return tl::unexpected(made.error());
    }
    return names;
}

}  // namespace

}  // namespace anomaly

Result<JobEnd> run_anomaly_synthetic(NativeUnit& unit) {
    using namespace anomaly;
    const auto folder = unit.artifact("anomaly");
    if (!folder) return tl::unexpected(folder.error());
    const auto names = make_images(unit, *folder);
    if (!names) return tl::unexpected(names.error());
    std::int64_t images = 0;
    for (const auto& [dataset, class_name] : *names) {
        const auto files = list_class(*folder, dataset, class_name);
        if (!files) return tl::unexpected(files.error());
        images += static_cast<std::int64_t>(files->train.size() + files->test.size());
    }
    const auto reported = unit.report({
        {"classes", static_cast<std::int64_t>(names->size())},
        {"images",  images                                  },
    });
    if (!reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

}  // namespace xorch
