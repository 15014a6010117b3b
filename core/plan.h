#pragma once

// The plan: which units a sweep consists of. A pure function of the frozen sweep and of the
// selections decided so far, and lazy: a unit costs a few bytes until somebody asks what it is.
// Built once; grows only by promote(). Not for two threads at once, also its const functions (it
// remembers digests). A unit that is not in the plan is a programmer's error.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/ids.h"
#include "core/sweep.h"

namespace xorch {

struct Join;  // plan_join.h

// One input of a unit: units of a stage it needs that agree with it on every shared axis.
struct InputGroup {
    StageIndex stage;
    std::span<const std::uint32_t>
        indices;  // into that stage, ascending; valid as long as the plan does not grow
};

class Plan {
 public:
    // Checks what only the expansion can see (duplicate units in one stage, joins that match
    // nothing, more than 10,000,000 units) and refuses with the stage and the parameters concerned.
    // 1,000,000 units take under 2 s.
    static Result<Plan> make(Sweep sweep);

    ~Plan();
    Plan(Plan&&) noexcept;
    Plan& operator=(Plan&&) noexcept;

    const Sweep& sweep() const;
    const Stage& stage(StageIndex stage) const;
    std::uint32_t stage_count() const;

    // 0 for a stage that is not expanded.
    std::uint32_t unit_count(StageIndex stage) const;

    // False for a stage that promotes a selection which is not decided yet, and for one that needs
    // such a stage (its units hang on what is chosen).
    bool is_expanded(StageIndex stage) const;

    // Gives the stage of `promote = "<select>"` its units: those chosen, in order of choice, times
    // the stage's own axes. An axis or parameter that the stage names itself replaces the chosen
    // unit's. Stages that need such a stage are expanded too; units of theirs that match no unit of
    // it are left out. A second call replaces the first (a retry decided anew). After an error the
    // plan is as before.
    Result<void> promote(std::uint32_t select, std::span<const UnitKey> chosen);

    // Axes and parameters, in file order, axes first; inherited ones of a promoted unit before its
    // own.
    Object parameters(UnitKey unit) const;

    // Axis values only, in axis order; an axis that does not exist at this point (`when`) is left
    // out.
    Object axes(UnitKey unit) const;

    // The chosen unit that this one of a promoting stage stands on; nothing in other stages.
    std::optional<UnitKey> promoted_from(UnitKey unit) const;

    // Names of the columns that vary in this stage, in order: its axes, then inherited axes.
    std::vector<std::string> axis_names(StageIndex stage) const;

    UnitId id(UnitKey unit) const;

    // 31 bits: the parameter `seed` if there is one, else drawn from the sweep's seed and the
    // parameters.
    std::uint32_t seed(UnitKey unit) const;

    // By `needs`, in file order. An axis that does not exist at a point (`when`) agrees only with
    // its absence.
    std::vector<InputGroup> inputs(UnitKey unit) const;

    // Inputs are counted per group, not per unit: all units of `stage` with the same group wait for
    // the same inputs. The number of distinct groups that units of `stage` join on its n-th
    // `needs`.
    std::uint32_t group_count(StageIndex stage, std::uint32_t need) const;
    std::uint32_t group_of(UnitKey unit, std::uint32_t need) const;
    std::span<const std::uint32_t> units_of_group(
        StageIndex stage, std::uint32_t need, std::uint32_t group
    ) const;
    // The group of `stage`'s n-th need to which an upstream unit belongs, or nothing if no unit
    // joins it.
    std::optional<std::uint32_t> group_fed_by(
        StageIndex stage, std::uint32_t need, std::uint32_t upstream_index
    ) const;
    // How many upstream units the group waits for.
    std::uint32_t group_size(StageIndex stage, std::uint32_t need, std::uint32_t group) const;

    // The unit of an earlier stage with the same id, for which this one is only another name;
    // nothing otherwise.
    std::optional<UnitKey> same_unit(UnitKey unit) const;

    // Bytes of memory that the plan holds, for the benchmark and the tests.
    std::size_t memory_bytes() const;

 private:
    struct Expansion;
    explicit Plan(std::unique_ptr<Expansion> expansion);
    void check(UnitKey unit) const;
    const Join* find_join(StageIndex stage, std::uint32_t need) const;  // null if not expanded
    std::unique_ptr<Expansion> expansion_;
};

}  // namespace xorch
