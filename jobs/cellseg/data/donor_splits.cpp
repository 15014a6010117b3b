#include "jobs/cellseg/data/donor_splits.h"

#include <algorithm>

#include "jobs/cellseg/data/delimited_table.h"

namespace xorch::cellseg {

Result<DonorOf> read_donors(const std::string& path) {
    const auto table = read_delimited(path);
    if (!table) return tl::unexpected(table.error());
    const auto columns = find_columns(*table, {"image", "donor"});
    if (!columns) return fail_with_context(columns.error(), path);
    DonorOf donor_of;
    for (const std::vector<std::string>& row : table->rows) {
        const auto [there, is_new] = donor_of.try_emplace(row[(*columns)[0]], row[(*columns)[1]]);
        if (is_new || there->second == row[(*columns)[1]]) continue;
        return fail(ErrorCode::invalid_input, path + ": two donors of the image " + there->first);
    }
    return donor_of;
}

std::string donor_in_name(const CellFile& file) {
    return file.name.substr(std::min(file.name.size(), file.group.size() + 1));
}

Result<std::map<std::string, SplitDonors>> donors_by_split(
    const std::vector<CellFile>& files, const DonorOf& donor_of
) {
    std::map<std::string, SplitDonors> splits;
    std::map<std::string, std::set<std::string>> splits_of;  // by donor
    for (const CellFile& file : files) {
        const auto donor = donor_of.find(file.name);
        if (donor == donor_of.end()) {
            return fail(ErrorCode::invalid_input, file.image + ": an image without a donor");
        }
        ++splits[file.split].images;
        splits[file.split].donors.insert(donor->second);
        splits_of[donor->second].insert(file.split);
    }
    for (const auto& [donor, in] : splits_of) {
        if (in.size() < 2) continue;
        for (const std::string& split : in) {
            splits[split].shared.insert(donor);
        }
    }
    return splits;
}

}  // namespace xorch::cellseg
