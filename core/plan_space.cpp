#include "core/plan_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "core/condition.h"
#include "core/json.h"

namespace xorch {

namespace {

// Points looked at, including those that conditions leave out: bounds the time of an expansion that
// excludes almost everything (some seconds).
constexpr std::uint64_t visits_max = 10ULL * units_max;

std::optional<std::uint32_t> find_axis(const Stage& stage, std::string_view name) {
    for (std::uint32_t i = 0; i < stage.axes.size(); ++i) {
        if (stage.axes[i].name == name) return i;
    }
    return std::nullopt;
}

tl::unexpected<Error> refuse(const Stage& stage, std::string_view what) {
    return fail(ErrorCode::invalid_input, fmt::format("stage \"{}\": {}", stage.name, what));
}

// Identities write names without escapes.
bool is_plain(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char byte) {
        return byte >= ' ' && byte < '\x7F' && byte != '"' && byte != '\\';
    });
}

Result<void> check_names(const Stage& stage) {
    std::unordered_set<std::string_view> names;
    for (const Axis& axis : stage.axes) {
        if (axis.values.empty()) {
            return refuse(stage, fmt::format("axis \"{}\" has no values", axis.name));
        }
        if (axis.values.size() > units_max) {
            return refuse(
                stage, fmt::format("axis \"{}\" has more than {} values", axis.name, units_max)
            );
        }
        if (!names.insert(axis.name).second) {
            return refuse(stage, fmt::format("axis \"{}\" appears twice", axis.name));
        }
        if (!is_plain(axis.name)) return refuse(stage, "the name of an axis has odd characters");
    }
    for (const Member& member : stage.params) {
        if (!is_plain(member.first)) {
            return refuse(stage, "the name of a parameter has odd characters");
        }
        if (!names.insert(member.first).second) {
            return refuse(
                stage, fmt::format("\"{}\" is both an axis and a parameter; keep one", member.first)
            );
        }
    }
    return {};
}

// Sorted integers without repetition, as every `range` is: a million of them need no hash table.
bool strictly_ascending(const std::vector<Value>& values) {
    const std::int64_t* previous = nullptr;
    for (const Value& value : values) {
        const auto* number = value.get_if<std::int64_t>();
        if (number == nullptr || (previous != nullptr && *previous >= *number)) return false;
        previous = number;
    }
    return true;
}

}  // namespace

Value identity_value(const Stage& stage, const std::string& name, const Value& value) {
    const auto hashes = stage.path_hashes.find(name);
    const auto* path = value.get_if<std::string>();
    if (hashes == stage.path_hashes.end() || path == nullptr) return value;
    const auto hash = hashes->second.find(*path);
    return hash == hashes->second.end() || hash->second.empty() ? value : Value(hash->second);
}

Result<StageSpace> StageSpace::make(const Stage& stage, bool may_inherit) {
    if (auto checked = check_names(stage); !checked) return tl::unexpected(checked.error());
    StageSpace space;
    space.stage_ = &stage;
    if (auto added = space.add_dimensions(); !added) return tl::unexpected(added.error());
    if (auto checked = space.check_conditions(may_inherit); !checked) {
        return tl::unexpected(checked.error());
    }
    space.has_conditions_ = !stage.exclude.empty();
    for (const Axis& axis : stage.axes) {
        space.has_conditions_ = space.has_conditions_ || !axis.when.empty();
    }
    space.points_differ_ =
        std::all_of(space.dimensions_.begin(), space.dimensions_.end(), [&](const auto& dimension) {
            return space.dimension_differs(dimension);
        });
    return space;
}

Result<void> StageSpace::add_dimensions() {
    std::vector<std::uint32_t> zip_of(stage_->axes.size(), absent);
    for (std::uint32_t z = 0; z < stage_->zip.size(); ++z) {
        for (const std::string& name : stage_->zip[z]) {
            const auto axis = find_axis(*stage_, name);
            if (!axis) return refuse(*stage_, fmt::format("zip names no axis: \"{}\"", name));
            if (zip_of[*axis] != absent) {
                return refuse(*stage_, fmt::format("axis \"{}\" is zipped twice", name));
            }
            zip_of[*axis] = z;
        }
    }
    std::vector<std::size_t> dimension_of(stage_->zip.size(), stage_->axes.size());
    for (std::uint32_t a = 0; a < stage_->axes.size(); ++a) {
        const auto length = static_cast<std::uint32_t>(stage_->axes[a].values.size());
        const std::uint32_t zip = zip_of[a];
        if (zip != absent && dimension_of[zip] < stage_->axes.size()) {
            Dimension& dimension = dimensions_[dimension_of[zip]];
            if (dimension.size != length) {
                const Axis& first = stage_->axes[dimension.axes.front()];
                return refuse(
                    *stage_,
                    fmt::format(
                        "zipped axes must be equally long: \"{}\" has {} values, \"{}\" has {}",
                        first.name,
                        dimension.size,
                        stage_->axes[a].name,
                        length
                    )
                );
            }
            dimension.axes.push_back(a);
            continue;
        }
        if (zip != absent) dimension_of[zip] = dimensions_.size();
        dimensions_.push_back({{a}, length});
        if (__builtin_mul_overflow(size_, std::uint64_t{length}, &size_)) {
            return refuse(*stage_, "the product of its axes does not fit 64 bits");
        }
    }
    return {};
}

Result<void> StageSpace::check_conditions(bool may_inherit) const {
    std::unordered_set<std::string_view> known;
    for (const Member& member : stage_->params)
        known.insert(member.first);
    const auto check = [&](const std::vector<Condition>& conditions,
                           std::string_view of) -> Result<void> {
        for (const Condition& condition : conditions) {
            if (known.contains(condition.param)) continue;
            if (may_inherit && !find_axis(*stage_, condition.param)) continue;
            return refuse(
                *stage_,
                fmt::format(
                    "{} names \"{}\", which is no parameter and no earlier axis",
                    of,
                    condition.param
                )
            );
        }
        return {};
    };
    for (const Dimension& dimension : dimensions_) {
        for (const std::uint32_t a : dimension.axes) {
            const Axis& axis = stage_->axes[a];
            if (auto checked = check(axis.when, "when." + axis.name); !checked) return checked;
        }
        for (const std::uint32_t a : dimension.axes)
            known.insert(stage_->axes[a].name);
    }
    for (const auto& entry : stage_->exclude) {
        if (auto checked = check(entry, "exclude"); !checked) return checked;
    }
    return {};
}

bool StageSpace::dimension_differs(const Dimension& dimension) const {
    const Axis& first = stage_->axes[dimension.axes.front()];
    if (dimension.axes.size() == 1 && strictly_ascending(first.values)) return true;
    for (const std::uint32_t a : dimension.axes) {
        // Where one of several zipped axes is absent, the others may repeat.
        if (dimension.axes.size() > 1 && !stage_->axes[a].when.empty()) return false;
    }
    std::unordered_set<std::string> seen;
    for (std::uint32_t i = 0; i < dimension.size; ++i) {
        Array tuple;
        for (const std::uint32_t a : dimension.axes) {
            const Axis& axis = stage_->axes[a];
            tuple.push_back(identity_value(*stage_, axis.name, axis.values[i]));
        }
        if (!seen.insert(format_canonical_json(Value(std::move(tuple)))).second) return false;
    }
    return true;
}

const Value* StageSpace::find_value(
    const std::string& name, const Point& point, const Object& inherited
) const {
    if (const auto axis = find_axis(*stage_, name)) {
        return point[*axis] == absent ? nullptr : &stage_->axes[*axis].values[point[*axis]];
    }
    const Value* own = find_member(stage_->params, name);
    return own != nullptr ? own : find_member(inherited, name);
}

bool StageSpace::all_hold(
    const std::vector<Condition>& conditions, const Point& point, const Object& inherited
) const {
    return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& condition) {
        return satisfies(condition, find_value(condition.param, point, inherited));
    });
}

void StageSpace::place(
    const Dimension& dimension, std::uint32_t position, const Object& inherited, Point& point
) const {
    for (const std::uint32_t a : dimension.axes)
        point[a] = absent;
    for (const std::uint32_t a : dimension.axes) {
        const Axis& axis = stage_->axes[a];
        if (axis.when.empty() || all_hold(axis.when, point, inherited)) point[a] = position;
    }
}

void StageSpace::decode(std::uint64_t rank, const Object& inherited, Point& point) const {
    point.assign(stage_->axes.size(), absent);
    std::uint64_t weight = size_;
    for (const Dimension& dimension : dimensions_) {
        weight /= dimension.size;
        place(dimension, static_cast<std::uint32_t>(rank / weight), inherited, point);
        rank %= weight;
    }
}

struct StageSpace::Walk {
    const Object& inherited;
    Point point;
    std::vector<std::uint64_t> ranks;
    std::uint64_t visits = 0;
};

// Depth-first through the dimensions; false once a limit is passed.
bool StageSpace::walk(Walk& walk, std::size_t depth, std::uint64_t rank) const {
    if (depth == dimensions_.size()) {
        const bool excluded =
            std::any_of(stage_->exclude.begin(), stage_->exclude.end(), [&](const auto& entry) {
                return all_hold(entry, walk.point, walk.inherited);
            });
        if (!excluded) walk.ranks.push_back(rank);
        return ++walk.visits <= visits_max && walk.ranks.size() <= units_max;
    }
    const Dimension& dimension = dimensions_[depth];
    for (std::uint32_t position = 0; position < dimension.size; ++position) {
        place(dimension, position, walk.inherited, walk.point);
        const bool exists =
            std::any_of(dimension.axes.begin(), dimension.axes.end(), [&](std::uint32_t a) {
                return walk.point[a] != absent;
            });
        if (!this->walk(walk, depth + 1, rank * dimension.size + position)) return false;
        if (!exists) {
            // The axis does not exist here: one point stands for all its values.
            break;
        }
    }
    return true;
}

Result<std::vector<std::uint64_t>> StageSpace::ranks(const Object& inherited) const {
    Walk state{inherited, Point(stage_->axes.size(), absent), {}, 0};
    if (!walk(state, 0, 0)) {
        return refuse(
            *stage_,
            fmt::format(
                "more than {} units, or almost all of more than {} points excluded",
                units_max,
                visits_max
            )
        );
    }
    state.ranks.shrink_to_fit();
    return std::move(state.ranks);
}

}  // namespace xorch
