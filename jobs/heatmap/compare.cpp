// heatmap.compare: the results of several units of heatmap.boxes in one file, with what makes a
// difference between them mean less than it seems to.

#include <fmt/core.h>

#include <filesystem>

#include "core/io/posix_disk.h"
#include "jobs/heatmap/jobs.h"
#include "jobs/heatmap/report/comparison.h"
#include "jobs/heatmap/report/json_file.h"

namespace xorch {

namespace heatmap {

namespace {

struct Results {
    std::vector<BoxResult> all;
    std::size_t baseline = 0;
};

Result<Results> read_results(const NativeUnit& unit) {
    const std::string& wanted = unit.params().text("baseline");
    Results results;
    bool has_baseline = wanted.empty();
    PosixDisk disk;
    for (const UnitInput& input : unit.inputs()) {
        const std::string path = input.directory + "/boxes.json";
        std::error_code error;
        if (input.directory.empty() || !std::filesystem::exists(path, error)) continue;
        const auto text = disk.read(path);
        if (!text) return tl::unexpected(text.error());
        auto result = parse_box_result(*text);
        if (!result) return fail_with_context(result.error(), path);
        if (!has_baseline && input.stage == wanted) {
            has_baseline = true;
            results.baseline = results.all.size();
        }
        results.all.push_back(std::move(*result));
    }
    if (results.all.empty()) {
        return fail(ErrorCode::invalid_input, "no input left boxes.json (heatmap.boxes does)");
    }
    if (has_baseline) return results;
    return fail(
        ErrorCode::invalid_input,
        fmt::format("baseline = {}: no input of that stage left boxes.json", wanted)
    );
}

}  // namespace

}  // namespace heatmap

Result<JobEnd> run_heatmap_compare(NativeUnit& unit) {
    using namespace heatmap;
    const auto results = read_results(unit);
    if (!results) return tl::unexpected(results.error());
    const BoxResult& baseline = results->all[results->baseline];
    const auto comparison = compare(results->all, baseline);
    if (!comparison) return tl::unexpected(comparison.error());
    const Value checks = reported_checks_cell(comparison->checks);
    const Object file{
        {"baseline",                 baseline.label             },
        {"recall_first",             comparison->recall_first   },
        {"precision_first",          comparison->precision_first},
        {"same_boxes",               comparison->same           },
        {std::string(checks_column), checks                     },
        {"rows",                     comparison->rows           },
        {"open_points",              open_points()              },
    };
    if (auto ok = write_json(unit, unit.params().text("file"), file); !ok) {
        return tl::unexpected(ok.error());
    }
    const auto reported = unit.report({
        {"rows",                     static_cast<std::int64_t>(comparison->rows.size())},
        {"baseline_label",           baseline.label                                    },
        {"recall_first",             comparison->recall_first                          },
        {"precision_first",          comparison->precision_first                       },
        {"same_boxes",               static_cast<std::int64_t>(comparison->same.size())},
        {std::string(checks_column), checks                                            },
    });
    if (!reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

}  // namespace xorch
