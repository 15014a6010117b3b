// cellseg.audit: the splits by donor, before anything is trained on them. One record per split.

#include <fmt/core.h>

#include <filesystem>
#include <optional>

#include "core/check.h"
#include "jobs/cellseg/checks.h"
#include "jobs/cellseg/data/donor_splits.h"
#include "jobs/cellseg/jobs.h"
#include "jobs/cellseg/unit_images.h"

namespace xorch {

namespace cellseg {

namespace {

struct Donors {
    DonorOf of;
    bool by_name = false;
};

// The table that the parameter names, or the one beside the images, or what their names say.
Result<Donors> find_donors(
    const std::string& parameter, const std::string& folder, const std::vector<CellFile>& files
) {
    std::string path = parameter;
    std::error_code error;
    if (const std::string beside = folder + "/" + donor_table_name;
        path.empty() && std::filesystem::exists(beside, error)) {
        path = beside;
    }
    if (!path.empty()) {
        auto donors = read_donors(path);
        if (!donors) return tl::unexpected(donors.error());
        return Donors{.of = std::move(*donors)};
    }
    Donors donors{.of = {}, .by_name = true};
    for (const CellFile& file : files) {
        donors.of[file.name] = donor_in_name(file);
    }
    return donors;
}

std::string names_of(const std::set<std::string>& donors) {
    std::string names;
    for (const std::string& donor : donors) {
        if (!names.empty()) names += ' ';
        names += donor;
    }
    return names;
}

bool one_image_each(const std::map<std::string, SplitDonors>& splits) {
    for (const auto& [name, split] : splits) {
        if (split.images != static_cast<int>(split.donors.size())) return false;
    }
    return true;
}

// A leak that nobody accepted ends the unit, and with it whatever would have trained.
Result<void> refuse_leakage(const std::map<std::string, SplitDonors>& splits) {
    for (const auto& [name, split] : splits) {
        if (split.shared.empty()) continue;
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "{}: donors of {} are in another split, too: {} (accept_leakage = true goes on)",
                check_leakage,
                name,
                names_of(split.shared)
            )
        );
    }
    return {};
}

}  // namespace

}  // namespace cellseg

Result<JobEnd> run_cellseg_audit(NativeUnit& unit) {
    using namespace cellseg;
    const auto folder = data_folder(unit);
    if (!folder) return tl::unexpected(folder.error());
    const auto files = list_cells(*folder);
    if (!files) return tl::unexpected(files.error());
    const auto donors = find_donors(unit.params().text("donors"), *folder, *files);
    if (!donors) return tl::unexpected(donors.error());
    const auto splits = donors_by_split(*files, donors->of);
    if (!splits) return tl::unexpected(splits.error());
    if (!unit.params().flag("accept_leakage")) {
        if (auto sound = refuse_leakage(*splits); !sound) return tl::unexpected(sound.error());
    }
    const bool one_each = one_image_each(*splits);
    for (const auto& [name, split] : *splits) {
        std::vector<std::string_view> checks;
        if (!split.shared.empty()) checks.push_back(check_leakage);
        if (one_each) checks.push_back(check_one_image_per_donor);
        if (donors->by_name) checks.push_back(check_donors_by_name);
        const auto reported = unit.report({
            {"split",                    name                                          },
            {"images",                   split.images                                  },
            {"donors",                   static_cast<std::int64_t>(split.donors.size())},
            {"shared_donors",            names_of(split.shared)                        },
            {std::string(checks_column), reported_checks_cell(checks)                  },
        });
        if (!reported) return tl::unexpected(reported.error());
    }
    return JobEnd::done;
}

}  // namespace xorch
