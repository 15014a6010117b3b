// What a unit is: its id, its seed, and which units are the same. The canonical JSON is put
// together from text that is made once per stage, because ids of millions of units are asked for.

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/hash.h"
#include "core/json.h"
#include "core/plan_expansion.h"

namespace xorch {

namespace {

constexpr std::uint64_t seed_mask = 0x7FFF'FFFF;  // 31 bits: what every random generator takes

Value text_array(const std::vector<std::string>& items) {
    Array array;
    for (const std::string& item : items)
        array.emplace_back(item);
    return array;
}

std::uint32_t first_31_bits(const UnitId& hash) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i)
        bits = (bits << 8U) | hash.bytes[i];
    return static_cast<std::uint32_t>(bits & seed_mask);
}

// False if no unit of one stage can have the parameters of a unit of the other: some constant of
// one is missing or another constant in the other. Saves hashing both stages.
bool constants_allow_equality(const ExpandedStage& a, const Stage& own, const Stage& other) {
    if (a.select) return true;
    return std::all_of(own.params.begin(), own.params.end(), [&](const Member& member) {
        const Value* constant = find_member(other.params, member.first);
        if (constant != nullptr) {
            return identity_value(own, member.first, member.second) ==
                   identity_value(other, member.first, *constant);
        }
        return !other.promote.empty() ||
               std::any_of(other.axes.begin(), other.axes.end(), [&](const Axis& axis) {
                   return axis.name == member.first;
               });
    });
}

bool equal_texts(const IdentityText& a, const IdentityText& b) {
    return a.before_inputs == b.before_inputs && a.before_params == b.before_params &&
           a.after_seed == b.after_seed;
}

}  // namespace

IdentityText make_identity_text(const Stage& stage) {
    const bool command = stage.job == "command";
    const auto text = [](std::string_view key, const Value& value) {
        return fmt::format("\"{}\":{}", key, format_canonical_json(value));
    };
    std::vector<std::string> before;
    if (command && !stage.args.style.empty()) before.push_back(text("args", stage.args.style));
    if (command) before.push_back(text("argv", text_array(stage.argv)));
    if (command && !stage.argv_resume.empty()) {
        before.push_back(text("argv_resume", text_array(stage.argv_resume)));
    }
    if (!stage.code.empty()) before.push_back(text("code", stage.code_hash));
    before.emplace_back("\"inputs\":[");
    IdentityText result;
    result.before_inputs = fmt::format("{{{}", fmt::join(before, ","));
    result.before_params = fmt::format(
        "],{},{},\"params\":",
        text("job", stage.job),
        text("job_version", std::int64_t{stage.job_version})
    );
    if (command && stage.shell) result.after_seed += "," + text("shell", true);
    if (!command) result.after_seed += "," + text("threads", std::int64_t{stage.threads});
    result.after_seed += "}";
    return result;
}

// Like canonical JSON of identity_parameters(), but without copies of values.
Identity Plan::Expansion::identity(UnitKey unit) const {
    const Stage& stage = sweep.stages[unit.stage.value];
    const Place at = place(unit);
    std::vector<std::pair<std::string_view, const Value*>> members;
    for (const Member& member : at.inherited.identity)
        members.emplace_back(member.first, &member.second);
    Point point;
    stages[unit.stage.value].space.decode(at.rank, at.inherited.params, point);
    for (std::size_t a = 0; a < point.size(); ++a) {
        if (point[a] == absent) continue;
        members.emplace_back(stage.axes[a].name, &stage.axes[a].values[point[a]]);
    }
    for (const Member& member : stage.params)
        members.emplace_back(member.first, &member.second);
    std::sort(members.begin(), members.end());
    Identity result;
    for (const auto& [name, value] : members) {
        result.params += result.params.empty() ? "{\"" : ",\"";
        result.params += name;  // StageSpace::make() refuses names that need an escape
        result.params += "\":";
        const bool inherited = find_member(at.inherited.identity, name) != nullptr;
        if (inherited || stage.path_hashes.empty()) {
            append_canonical_json(result.params, *value);
        } else {
            append_canonical_json(result.params, identity_value(stage, std::string(name), *value));
        }
        const auto* number = value->get_if<std::int64_t>();
        if (name != "seed" || number == nullptr) continue;
        result.own_seed =
            static_cast<std::uint32_t>(static_cast<std::uint64_t>(*number) & seed_mask);
    }
    result.params += members.empty() ? "{}" : "}";
    return result;
}

std::uint32_t Plan::Expansion::seed_of(const Identity& identity) const {
    if (identity.own_seed) return *identity.own_seed;
    std::string text = "{\"params\":";
    text += identity.params;
    text += ",\"sweep_seed\":";
    text += std::to_string(sweep.seed);
    text += "}";
    return first_31_bits(hash_unit(text));
}

std::uint32_t Plan::Expansion::seed(UnitKey unit) const {
    return seed_of(identity(unit));
}

UnitId Plan::Expansion::id(UnitKey unit) const {
    const ExpandedStage& stage = stages[unit.stage.value];
    const Identity made_of = identity(unit);
    std::string text = stage.identity.before_inputs;
    for (std::size_t n = 0; n < stage.joins.size(); ++n) {
        const Join& join = stage.joins[n];
        text += fmt::format(
            "{}\"{}\"", n == 0 ? "" : ",", digest_of_inputs(join, join.group_of[unit.index])
        );
    }
    text += stage.identity.before_params;
    text += made_of.params;
    text += ",\"seed\":";
    text += std::to_string(seed_of(made_of));
    text += stage.identity.after_seed;
    return hash_unit(text);
}

std::string Plan::Expansion::digest_of_inputs(const Join& join, std::uint32_t group) const {
    const bool keeps = !join.digests.empty();
    if (keeps && join.digests[group] != UnitId{}) return format_unit_id(join.digests[group]);
    std::string ids;
    for (const std::uint32_t index : join.members.row(group))
        ids += format_unit_id(id({StageIndex{join.upstream}, index}));
    const UnitId digest = hash_unit(ids);
    if (keeps) join.digests[group] = digest;
    return format_unit_id(digest);
}

// Units with equal parameters have equal inputs too, so parameters decide.
Result<void> Plan::Expansion::refuse_duplicates(std::uint32_t stage) const {
    const ExpandedStage& expanded = stages[stage];
    bool differ = expanded.space.points_differ();
    if (differ && expanded.inherited.size() > 1) {
        std::vector<std::string> inherited;
        for (const Inherited& one : expanded.inherited)
            inherited.push_back(format_canonical_json(Value(one.identity)));
        std::sort(inherited.begin(), inherited.end());
        differ = std::adjacent_find(inherited.begin(), inherited.end()) == inherited.end();
    }
    if (differ) return {};
    std::vector<std::pair<UnitId, std::uint32_t>> hashes;
    hashes.reserve(expanded.count);
    for (std::uint32_t i = 0; i < expanded.count; ++i) {
        hashes.emplace_back(hash_unit(identity({StageIndex{stage}, i}).params), i);
    }
    std::sort(hashes.begin(), hashes.end());
    const auto twice =
        std::adjacent_find(hashes.begin(), hashes.end(), [](const auto& a, const auto& b) {
            return a.first == b.first;
        });
    if (twice == hashes.end()) return {};
    const std::uint32_t first = twice->second;
    const std::uint32_t second = std::next(twice)->second;
    return fail(
        ErrorCode::invalid_input,
        fmt::format(
            "stage \"{}\": two units are the same: number {} {} and number {} {}; change an axis "
            "so "
            "that they differ, or add one (for example repeat = {{ range = [0, 2] }})",
            sweep.stages[stage].name,
            first,
            format_json(Value(parameters({StageIndex{stage}, first}))),
            second,
            format_json(Value(parameters({StageIndex{stage}, second})))
        )
    );
}

void Plan::Expansion::find_same_units() {
    std::vector<bool> concerned(stages.size(), false);
    for (std::size_t b = 0; b < stages.size(); ++b) {
        stages[b].same.clear();
        for (std::size_t a = 0; a < b; ++a) {
            if (!stages[a].expanded || !stages[b].expanded) continue;
            if (!equal_texts(stages[a].identity, stages[b].identity)) continue;
            if (stages[a].needs.size() != stages[b].needs.size()) continue;
            const Stage& one = sweep.stages[a];
            const Stage& other = sweep.stages[b];
            if (!constants_allow_equality(stages[a], one, other)) continue;
            if (!constants_allow_equality(stages[b], other, one)) continue;
            concerned[a] = concerned[b] = true;
        }
    }
    std::unordered_map<UnitId, UnitKey> first_of;
    for (std::uint32_t s = 0; s < stages.size(); ++s) {
        if (!concerned[s]) continue;
        for (std::uint32_t i = 0; i < stages[s].count; ++i) {
            const UnitKey key{StageIndex{s}, i};
            const auto [at, is_new] = first_of.emplace(id(key), key);
            if (!is_new) stages[s].same.emplace_back(i, at->second);
        }
        stages[s].same.shrink_to_fit();
    }
}

}  // namespace xorch
