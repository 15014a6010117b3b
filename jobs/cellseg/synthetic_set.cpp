// cellseg.synthetic: made images, so that a sweep needs no data beside itself. Starts over when
// stopped: it takes seconds.

#include <fmt/core.h>

#include "core/io/posix_disk.h"
#include "jobs/cellseg/data/cell_folder.h"
#include "jobs/cellseg/data/donor_splits.h"
#include "jobs/cellseg/data/synthetic.h"
#include "jobs/cellseg/jobs.h"

namespace xorch {

namespace cellseg {

namespace {

// A donor has one image here, as the names say.
Result<void> write_donors(const std::string& path, const std::vector<CellFile>& files) {
    std::string table = "image,donor\n";
    for (const CellFile& file : files) {
        table += fmt::format("{},{}\n", file.name, donor_in_name(file));
    }
    PosixDisk disk;
    return write_file_atomically(disk, path, table);
}

}  // namespace

}  // namespace cellseg

Result<JobEnd> run_cellseg_synthetic(NativeUnit& unit) {
    using namespace cellseg;
    const auto donors = unit.artifact(fmt::format("cells/{}", donor_table_name));
    if (!donors) return tl::unexpected(donors.error());
    const std::string folder = donors->substr(0, donors->rfind('/'));
    const auto labelling = unit.params().text("labels") == "every" ? Labelling::every_nucleus
                                                                   : Labelling::cells_of_the_marker;
    if (auto made = make_cells(folder, unit.seed(), labelling); !made) {
        return tl::unexpected(made.error());
    }
    const auto files = list_cells(folder);
    if (!files) return tl::unexpected(files.error());
    if (auto written = write_donors(*donors, *files); !written) {
        return tl::unexpected(written.error());
    }
    const auto reported = unit.report({
        {"images", static_cast<std::int64_t>(files->size())},
    });
    if (!reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

}  // namespace xorch
