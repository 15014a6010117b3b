// Done units whose records lack something are run again. The request says which rows it saw, so
// that nothing is reopened that was filled since, and the journal keeps them: whatever the new run
// says, they stand.

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

#include "coordinator/decide/rules/rules.h"

namespace xorch {

namespace {

// One entry of {"units": [{"stage": "train", "index": 3, "rows": "..."}]}.
Result<UnitReopened> parse_entry(const State& state, const Value& entry) {
    const Value* stage = entry.find("stage");
    const Value* index = entry.find("index");
    const Value* rows = entry.find("rows");
    const auto* name = stage == nullptr ? nullptr : stage->get_if<std::string>();
    const auto* number = index == nullptr ? nullptr : index->get_if<std::int64_t>();
    const auto* text = rows == nullptr ? nullptr : rows->get_if<std::string>();
    if (name == nullptr || number == nullptr || text == nullptr) {
        return fail(ErrorCode::usage, "a unit to reopen has \"stage\", \"index\" and \"rows\"");
    }
    const auto known = find_stage(state.plan().sweep(), *name);
    const bool is_there =
        known && *number >= 0 && *number < state.plan().unit_count(StageIndex{*known});
    if (!is_there) {
        return fail(ErrorCode::usage, fmt::format("there is no unit {}/{}", *name, *number));
    }
    return UnitReopened{
        .unit = {StageIndex{*known}, static_cast<std::uint32_t>(*number)},
          .rows = *text
    };
}

}  // namespace

Result<std::vector<UnitReopened>> parse_reopening(const State& state, const Value& arguments) {
    const Value* member = arguments.find("units");
    const auto* entries = member == nullptr ? nullptr : member->get_if<Array>();
    if (entries == nullptr) return fail(ErrorCode::usage, "\"units\" is no array");
    std::vector<UnitReopened> reopened;
    for (const Value& entry : *entries) {
        auto fact = parse_entry(state, entry);
        if (!fact) return tl::unexpected(fact.error());
        const UnitState& unit = state.unit(fact->unit);
        const std::uint64_t hash = XXH3_64bits(fact->rows.data(), fact->rows.size());
        // Somebody else's, meanwhile: it runs already, or was filled.
        if (unit.phase != UnitPhase::done || unit.rows_hash != hash) continue;
        // Named twice, it is reopened once.
        const bool twice =
            std::any_of(reopened.begin(), reopened.end(), [&](const UnitReopened& other) {
                return other.unit == fact->unit;
            });
        if (!twice) reopened.push_back(*std::move(fact));
    }
    return reopened;
}

}  // namespace xorch
