// anomaly.synthetic: made images, so that a sweep needs no data beside itself. Starts over when
// stopped: it takes seconds.

#include "jobs/anomaly/data/class_folder.h"
#include "jobs/anomaly/data/known_classes.h"
#include "jobs/anomaly/data/synthetic.h"
#include "jobs/anomaly/jobs.h"

namespace xorch {

Result<JobEnd> run_anomaly_synthetic(NativeUnit& unit) {
    using namespace anomaly;
    const auto folder = unit.artifact("anomaly");
    if (!folder) return tl::unexpected(folder.error());
    if (auto made = make_anomalies(*folder, unit.seed()); !made) {
        return tl::unexpected(made.error());
    }
    std::int64_t images = 0;
    for (const KnownClass& known : known_classes()) {
        const auto files = list_class(*folder, std::string(known.dataset), std::string(known.name));
        if (!files) return tl::unexpected(files.error());
        images += static_cast<std::int64_t>(files->train.size() + files->test.size());
    }
    const auto reported = unit.report({
        {"classes", static_cast<std::int64_t>(known_classes().size())},
        {"images",  images                                           },
    });
    if (!reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

}  // namespace xorch
