#include "core/plan_expansion.h"

#include <fmt/format.h>

#include <algorithm>

namespace xorch {

namespace {

std::optional<std::uint32_t> find_select(const Sweep& sweep, std::string_view name) {
    for (std::uint32_t i = 0; i < sweep.selects.size(); ++i) {
        if (sweep.selects[i].name == name) return i;
    }
    return std::nullopt;
}

bool names(const Stage& stage, const std::string& parameter) {
    return find_member(stage.params, parameter) != nullptr ||
           std::any_of(stage.axes.begin(), stage.axes.end(), [&](const Axis& axis) {
               return axis.name == parameter;
           });
}

tl::unexpected<Error> refuse(std::string message) {
    return fail(ErrorCode::invalid_input, std::move(message));
}

}  // namespace

Result<void> Plan::Expansion::prepare() {
    for (const Stage& stage : sweep.stages) {
        auto space = StageSpace::make(stage, !stage.promote.empty());
        if (!space) return tl::unexpected(space.error());
        ExpandedStage expanded;
        expanded.space = std::move(*space);
        expanded.identity = make_identity_text(stage);
        if (stage.promote.empty()) expanded.inherited.emplace_back();
        stages.push_back(std::move(expanded));
    }
    if (auto resolved = resolve_names(); !resolved) return resolved;
    if (auto sorted = sort_stages(); !sorted) return sorted;
    for (const std::uint32_t stage : order) {
        ExpandedStage& expanded = stages[stage];
        name_axes(stage);
        expanded.dynamic =
            expanded.select ||
            std::any_of(expanded.needs.begin(), expanded.needs.end(), [&](std::uint32_t need) {
                return stages[need].dynamic;
            });
    }
    return {};
}

Result<void> Plan::Expansion::resolve_names() {
    for (std::uint32_t s = 0; s < stages.size(); ++s) {
        const Stage& stage = sweep.stages[s];
        if (find_stage(sweep, stage.name) != s) {
            return refuse(fmt::format("two stages are named \"{}\"", stage.name));
        }
        for (const std::string& name : stage.needs) {
            const auto need = find_stage(sweep, name);
            if (!need) {
                return refuse(fmt::format("stage \"{}\" needs \"{}\", no stage", stage.name, name));
            }
            stages[s].needs.push_back(*need);
        }
        if (stage.promote.empty()) continue;
        stages[s].select = find_select(sweep, stage.promote);
        if (!stages[s].select) {
            return refuse(fmt::format(
                "stage \"{}\" promotes \"{}\", no [[select]]", stage.name, stage.promote
            ));
        }
    }
    for (const Select& select : sweep.selects) {
        if (!find_stage(sweep, select.from)) {
            return refuse(fmt::format(
                "selection \"{}\" chooses from \"{}\", no stage", select.name, select.from
            ));
        }
    }
    return {};
}

Result<void> Plan::Expansion::sort_stages() {
    std::vector<bool> placed(stages.size(), false);
    const auto is_ready = [&](std::uint32_t s) {
        const ExpandedStage& stage = stages[s];
        if (stage.select) {
            const auto from = find_stage(sweep, sweep.selects[*stage.select].from);
            if (!placed[*from]) return false;
        }
        return std::all_of(stage.needs.begin(), stage.needs.end(), [&](std::uint32_t need) {
            return placed[need];
        });
    };
    while (order.size() < stages.size()) {
        const std::size_t before = order.size();
        for (std::uint32_t s = 0; s < stages.size(); ++s) {
            if (placed[s] || !is_ready(s)) continue;
            placed[s] = true;
            order.push_back(s);
        }
        if (order.size() > before) continue;
        std::vector<std::string> circle;
        for (std::uint32_t s = 0; s < stages.size(); ++s) {
            if (!placed[s]) circle.push_back(sweep.stages[s].name);
        }
        return refuse(
            fmt::format("stages wait for each other in a circle: {}", fmt::join(circle, ", "))
        );
    }
    return {};
}

void Plan::Expansion::name_axes(std::uint32_t stage) {
    ExpandedStage& expanded = stages[stage];
    for (const Axis& axis : sweep.stages[stage].axes)
        expanded.axis_names.push_back(axis.name);
    if (!expanded.select) return;
    const auto from = find_stage(sweep, sweep.selects[*expanded.select].from);
    for (const std::string& name : stages[*from].axis_names) {
        if (!names(sweep.stages[stage], name)) expanded.axis_names.push_back(name);
    }
}

void Plan::Expansion::inherit(std::uint32_t stage, std::span<const UnitKey> chosen) {
    const Stage& own = sweep.stages[stage];
    std::vector<Inherited> all;
    for (const UnitKey unit : chosen) {
        Inherited one{.from = unit};
        for (Member& member : parameters(unit)) {
            if (!names(own, member.first)) one.params.push_back(std::move(member));
        }
        for (Member& member : axes(unit)) {
            if (!names(own, member.first)) one.axes.push_back(std::move(member));
        }
        for (Member& member : identity_parameters(unit)) {
            if (!names(own, member.first)) one.identity.push_back(std::move(member));
        }
        all.push_back(std::move(one));
    }
    stages[stage].inherited = std::move(all);
    stages[stage].decided = true;
}

void Plan::Expansion::forget(std::uint32_t stage) {
    ExpandedStage& expanded = stages[stage];
    expanded.expanded = false;
    expanded.count = 0;
    expanded.listed = false;
    expanded.ranks.clear();
    expanded.first.clear();
    expanded.joins.clear();
    expanded.same.clear();
    for (std::uint32_t s = 0; s < stages.size(); ++s) {
        const auto& needs = stages[s].needs;
        const bool depends = std::find(needs.begin(), needs.end(), stage) != needs.end();
        if (depends && stages[s].expanded) forget(s);
    }
}

Result<void> Plan::Expansion::expand_where_possible() {
    for (const std::uint32_t stage : order) {
        ExpandedStage& expanded = stages[stage];
        if (expanded.expanded || (expanded.select && !expanded.decided)) continue;
        const bool inputs_known =
            std::all_of(expanded.needs.begin(), expanded.needs.end(), [&](std::uint32_t need) {
                return stages[need].expanded;
            });
        if (!inputs_known) continue;
        if (auto done = expand(stage); !done) return done;
    }
    find_same_units();
    return {};
}

Result<void> Plan::Expansion::expand(std::uint32_t stage) {
    if (auto listed = list_points(stage); !listed) return listed;
    std::uint64_t total = 0;
    for (const ExpandedStage& each : stages)
        total += each.count;
    if (total > units_max) {
        return refuse(fmt::format("the sweep has more than {} units", units_max));
    }
    if (auto unique = refuse_duplicates(stage); !unique) return unique;
    if (auto joined = join_inputs(stage); !joined) return joined;
    stages[stage].expanded = true;
    return {};
}

Result<void> Plan::Expansion::list_points(std::uint32_t stage) {
    ExpandedStage& expanded = stages[stage];
    std::uint64_t count = 0;
    const auto too_many = [&] {
        return refuse(fmt::format(
            "stage \"{}\" has more than {} units; give its axes fewer values",
            sweep.stages[stage].name,
            units_max
        ));
    };
    if (!expanded.space.has_conditions()) {
        const bool overflow = __builtin_mul_overflow(
            expanded.space.size(), std::uint64_t{expanded.inherited.size()}, &count
        );
        if (overflow || count > units_max) return too_many();
        expanded.count = static_cast<std::uint32_t>(count);
        return {};
    }
    expanded.listed = true;
    for (const Inherited& inherited : expanded.inherited) {
        expanded.first.push_back(static_cast<std::uint32_t>(expanded.ranks.size()));
        const auto ranks = expanded.space.ranks(inherited.params);
        if (!ranks) return tl::unexpected(ranks.error());
        expanded.ranks.insert(expanded.ranks.end(), ranks->begin(), ranks->end());
        if (expanded.ranks.size() > units_max) return too_many();
    }
    expanded.ranks.shrink_to_fit();
    expanded.count = static_cast<std::uint32_t>(expanded.ranks.size());
    expanded.first.push_back(expanded.count);
    if (expanded.count == 0 && !expanded.dynamic) {
        return refuse(fmt::format(
            "stage \"{}\" has no units: its conditions exclude every point",
            sweep.stages[stage].name
        ));
    }
    return {};
}

void Plan::Expansion::drop(std::uint32_t stage, const std::vector<bool>& dropped) {
    ExpandedStage& expanded = stages[stage];
    std::vector<std::uint64_t> ranks;
    std::vector<std::uint32_t> first;
    std::size_t promoted = 0;
    for (std::uint32_t i = 0; i < expanded.count; ++i) {
        const Place at = place({StageIndex{stage}, i});
        const auto which = static_cast<std::size_t>(&at.inherited - expanded.inherited.data());
        for (; promoted <= which; ++promoted)
            first.push_back(static_cast<std::uint32_t>(ranks.size()));
        if (!dropped[i]) ranks.push_back(at.rank);
    }
    first.resize(expanded.inherited.size() + 1, static_cast<std::uint32_t>(ranks.size()));
    expanded.listed = true;
    expanded.count = static_cast<std::uint32_t>(ranks.size());
    expanded.ranks = std::move(ranks);
    expanded.first = std::move(first);
}

Place Plan::Expansion::place(UnitKey unit) const {
    const ExpandedStage& stage = stages[unit.stage.value];
    if (!stage.listed) {
        const std::uint64_t size = stage.space.size();
        return {stage.inherited[unit.index / size], unit.index % size};
    }
    const auto after = std::upper_bound(stage.first.begin(), stage.first.end(), unit.index);
    return {
        stage.inherited[static_cast<std::size_t>(after - stage.first.begin() - 1)],
        stage.ranks[unit.index]};
}

Object Plan::Expansion::parameters(UnitKey unit) const {
    const Stage& stage = sweep.stages[unit.stage.value];
    const Place at = place(unit);
    Object result = at.inherited.params;
    Point point;
    stages[unit.stage.value].space.decode(at.rank, at.inherited.params, point);
    for (std::size_t a = 0; a < point.size(); ++a) {
        if (point[a] == absent) continue;
        result.emplace_back(stage.axes[a].name, stage.axes[a].values[point[a]]);
    }
    result.insert(result.end(), stage.params.begin(), stage.params.end());
    return result;
}

Object Plan::Expansion::axes(UnitKey unit) const {
    const Stage& stage = sweep.stages[unit.stage.value];
    const Place at = place(unit);
    Object result;
    Point point;
    stages[unit.stage.value].space.decode(at.rank, at.inherited.params, point);
    for (std::size_t a = 0; a < point.size(); ++a) {
        if (point[a] == absent) continue;
        result.emplace_back(stage.axes[a].name, stage.axes[a].values[point[a]]);
    }
    result.insert(result.end(), at.inherited.axes.begin(), at.inherited.axes.end());
    return result;
}

Object Plan::Expansion::identity_parameters(UnitKey unit) const {
    const Stage& stage = sweep.stages[unit.stage.value];
    const std::size_t inherited = place(unit).inherited.params.size();
    Object result = parameters(unit);
    for (std::size_t i = 0; i < result.size(); ++i) {
        if (i < inherited) {
            result[i] = place(unit).inherited.identity[i];
        } else if (!stage.path_hashes.empty()) {
            result[i].second = identity_value(stage, result[i].first, result[i].second);
        }
    }
    return result;
}

std::size_t Plan::Expansion::memory_bytes() const {
    std::size_t bytes = sizeof *this;
    for (std::size_t s = 0; s < stages.size(); ++s) {
        const ExpandedStage& stage = stages[s];
        bytes += stage.ranks.capacity() * sizeof stage.ranks.front();
        bytes += stage.first.capacity() * sizeof stage.first.front();
        bytes += stage.same.capacity() * sizeof stage.same.front();
        for (const Join& join : stage.joins)
            bytes += join.memory_bytes();
        for (const Inherited& one : stage.inherited) {
            const std::size_t members = one.params.size() + one.axes.size() + one.identity.size();
            bytes += sizeof one + members * sizeof(Member);
        }
        for (const Axis& axis : sweep.stages[s].axes)
            bytes += axis.values.capacity() * sizeof(Value);
    }
    return bytes;
}

}  // namespace xorch
