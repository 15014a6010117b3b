#include "tools/cli/site/unit_folders.h"

namespace xorch {

Result<std::vector<UnitId>> list_unit_folders(Disk& disk, const SweepLayout& layout) {
    std::vector<UnitId> units;
    const auto there = disk.exists(layout.units());
    if (!there) return tl::unexpected(there.error());
    if (!*there) return units;
    const auto first = disk.list(layout.units());
    if (!first) return tl::unexpected(first.error());
    for (const std::string& one : *first) {
        const auto second = disk.list(layout.units() + "/" + one);
        if (!second) continue;  // not a folder: somebody else's file
        for (const std::string& two : *second) {
            const auto names = disk.list(layout.units() + "/" + one + "/" + two);
            if (!names) continue;
            for (const std::string& name : *names) {
                if (const auto id = parse_unit_id(name)) units.push_back(*id);
            }
        }
    }
    return units;
}

}  // namespace xorch
