#pragma once

// The points of one stage's own axes. A point is a rank: its place in the product of the
// dimensions, first dimension slowest. Axes that are zipped form one dimension. Nothing is stored
// per point. The stage outlives its space.

#include <cstdint>
#include <limits>
#include <vector>

#include "core/error.h"
#include "core/sweep.h"

namespace xorch {

inline constexpr std::uint32_t units_max = 10'000'000;

inline constexpr std::uint32_t absent = std::numeric_limits<std::uint32_t>::max();

// By axis of the stage: the position of its value, or `absent` where the axis does not exist.
using Point = std::vector<std::uint32_t>;

class StageSpace {
 public:
    // Refuses empty axes, names that clash, zips that do not fit, conditions on what comes later,
    // and a product beyond 64 bits. `may_inherit`: conditions may also name parameters of promoted
    // units.
    static Result<StageSpace> make(const Stage& stage, bool may_inherit);

    // Number of ranks. All of them are points unless the space has conditions.
    std::uint64_t size() const { return size_; }

    bool has_conditions() const { return has_conditions_; }

    // Ranks of the points that exist, ascending; `inherited` are the parameters of a promoted unit.
    Result<std::vector<std::uint64_t>> ranks(const Object& inherited) const;

    // Fills `point`, which is reused between calls because a plan decodes millions.
    void decode(std::uint64_t rank, const Object& inherited, Point& point) const;

    // No two points have equal parameters, whatever they are; false = not proven.
    bool points_differ() const { return points_differ_; }

 private:
    struct Dimension {
        std::vector<std::uint32_t> axes;
        std::uint32_t size = 0;
    };

    struct Walk;

    Result<void> add_dimensions();
    Result<void> check_conditions(bool may_inherit) const;
    bool dimension_differs(const Dimension& dimension) const;
    const Value* find_value(const std::string& name, const Point& point, const Object& inherited)
        const;
    bool all_hold(
        const std::vector<Condition>& conditions, const Point& point, const Object& inherited
    ) const;
    void place(
        const Dimension& dimension, std::uint32_t position, const Object& inherited, Point& point
    ) const;
    bool walk(Walk& walk, std::size_t depth, std::uint64_t rank) const;

    const Stage* stage_ = nullptr;
    std::vector<Dimension> dimensions_;
    std::uint64_t size_ = 1;
    bool has_conditions_ = false;
    bool points_differ_ = false;
};

// The value as identities see it: a path is replaced by its manifest hash where that is known.
Value identity_value(const Stage& stage, const std::string& name, const Value& value);

}  // namespace xorch
