#include "core/wire/facts_codec.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <variant>
#include <vector>

#include "core/wire/common_codec.h"
#include "facts_generated.h"

namespace xorch {

namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

// The schema nests three tables deep; anything deeper was not written by us.
constexpr flatbuffers::uoffset_t nesting_max = 8;
constexpr std::size_t smallest_buffer = 8;

static_assert(
    std::variant_size_v<Fact> == static_cast<std::size_t>(wire::Fact::MAX),
    "facts.fbs and core/facts.h must list the same facts in the same order"
);

auto pack_ranges(FlatBufferBuilder& builder, const std::vector<UnitRange>& ranges) {
    std::vector<wire::UnitRange> packed;
    packed.reserve(ranges.size());
    for (const UnitRange& range : ranges) {
        packed.emplace_back(range.stage.value, range.first, range.count);
    }
    return builder.CreateVectorOfStructs(packed);
}

auto pack_units(FlatBufferBuilder& builder, const std::vector<UnitKey>& units) {
    std::vector<wire::UnitKey> packed;
    packed.reserve(units.size());
    for (const UnitKey unit : units)
        packed.push_back(pack_unit(unit));
    return builder.CreateVectorOfStructs(packed);
}

// pack(builder, fact): one overload per kind, in the order of the variant.

Offset<wire::AllocationIntended> pack(FlatBufferBuilder& builder, const AllocationIntended& fact) {
    const PackedText token = pack_text(builder, fact.token);
    return wire::CreateAllocationIntended(
        builder, fact.allocation.value, token, fact.lane, fact.after.value
    );
}

Offset<wire::AllocationSubmitted> pack(
    FlatBufferBuilder& builder, const AllocationSubmitted& fact
) {
    const PackedText job = pack_text(builder, fact.job);
    return wire::CreateAllocationSubmitted(builder, fact.allocation.value, job);
}

Offset<wire::AllocationStarted> pack(FlatBufferBuilder& builder, const AllocationStarted& fact) {
    return wire::CreateAllocationStarted(
        builder, fact.allocation.value, fact.end_unix.count(), fact.began_unix.count()
    );
}

Offset<wire::AllocationEnded> pack(FlatBufferBuilder& builder, const AllocationEnded& fact) {
    const PackedText reason = pack_text(builder, fact.reason);
    return wire::CreateAllocationEnded(builder, fact.allocation.value, reason);
}

Offset<wire::AgentJoined> pack(FlatBufferBuilder& builder, const AgentJoined& fact) {
    const PackedText node = pack_text(builder, fact.node);
    const wire::Capacity capacity = pack_capacity(fact.capacity);
    return wire::CreateAgentJoined(
        builder, fact.incarnation.value, fact.allocation.value, node, &capacity
    );
}

Offset<wire::AgentGone> pack(FlatBufferBuilder& builder, const AgentGone& fact) {
    const PackedText reason = pack_text(builder, fact.reason);
    return wire::CreateAgentGone(builder, fact.incarnation.value, fact.in_order, reason);
}

Offset<wire::UnitsAssigned> pack(FlatBufferBuilder& builder, const UnitsAssigned& fact) {
    const auto units = pack_assigned(builder, fact.units);
    std::vector<wire::GangShare> shares;
    for (const GangShare& share : fact.gang)
        shares.emplace_back(share.agent.value, share.ranks);
    const auto gang = shares.empty() ? 0 : builder.CreateVectorOfStructs(shares);
    return wire::CreateUnitsAssigned(builder, fact.incarnation.value, fact.alone, units, gang);
}

Offset<wire::UnitFinished> pack(FlatBufferBuilder& builder, const UnitFinished& fact) {
    const auto end = pack_end(builder, fact.end);
    const wire::UnitKey unit = pack_unit(fact.unit);
    return wire::CreateUnitFinished(builder, &unit, fact.attempt.value, end);
}

Offset<wire::UnitAdopted> pack(FlatBufferBuilder& builder, const UnitAdopted& fact) {
    const PackedText from = pack_text(builder, fact.from);
    const auto end = pack_end(builder, fact.end);
    const wire::UnitKey unit = pack_unit(fact.unit);
    return wire::CreateUnitAdopted(builder, &unit, from, end);
}

Offset<wire::UnitGivenBack> pack(FlatBufferBuilder& builder, const UnitGivenBack& fact) {
    const auto end = pack_end(builder, fact.end);
    const wire::UnitKey unit = pack_unit(fact.unit);
    return wire::CreateUnitGivenBack(builder, &unit, fact.attempt.value, end);
}

Offset<wire::UnitFailed> pack(FlatBufferBuilder& builder, const UnitFailed& fact) {
    const auto end = pack_end(builder, fact.end);
    const wire::UnitKey unit = pack_unit(fact.unit);
    return wire::CreateUnitFailed(builder, &unit, fact.attempt.value, end);
}

Offset<wire::CheckpointSealed> pack(FlatBufferBuilder& builder, const CheckpointSealed& fact) {
    return pack_sealed(builder, fact);
}

Offset<wire::UnitsCancelled> pack(FlatBufferBuilder& builder, const UnitsCancelled& fact) {
    return wire::CreateUnitsCancelled(builder, pack_ranges(builder, fact.ranges));
}

Offset<wire::UnitsRevived> pack(FlatBufferBuilder& builder, const UnitsRevived& fact) {
    return wire::CreateUnitsRevived(builder, pack_ranges(builder, fact.ranges));
}

Offset<wire::WaveOpened> pack(FlatBufferBuilder& builder, const WaveOpened& fact) {
    return wire::CreateWaveOpened(builder, fact.stage.value, fact.wave);
}

Offset<wire::SelectionDecided> pack(FlatBufferBuilder& builder, const SelectionDecided& fact) {
    const auto chosen = pack_units(builder, fact.chosen);
    const PackedText explanation = pack_text(builder, fact.explanation);
    return wire::CreateSelectionDecided(builder, fact.select, chosen, explanation);
}

Offset<wire::SweepPaused> pack(FlatBufferBuilder& builder, const SweepPaused& fact) {
    return wire::CreateSweepPaused(builder, pack_text(builder, fact.reason));
}

Offset<wire::SweepContinued> pack(FlatBufferBuilder& builder, const SweepContinued&) {
    return wire::CreateSweepContinued(builder);
}

Offset<wire::NodeBlamed> pack(FlatBufferBuilder& builder, const NodeBlamed& fact) {
    const PackedText node = pack_text(builder, fact.node);
    return wire::CreateNodeBlamed(builder, node, pack_text(builder, fact.reason));
}

Offset<wire::ResultRefused> pack(FlatBufferBuilder& builder, const ResultRefused& fact) {
    const PackedText reason = pack_text(builder, fact.reason);
    const PackedText rows_hash = pack_text(builder, fact.rows_hash);
    const wire::UnitKey unit = pack_unit(fact.unit);
    return wire::CreateResultRefused(builder, &unit, fact.attempt.value, reason, rows_hash);
}

Offset<wire::RequestDone> pack(FlatBufferBuilder& builder, const RequestDone& fact) {
    const PackedText request = pack_text(builder, fact.request);
    return wire::CreateRequestDone(builder, request, pack_text(builder, fact.reply));
}

Offset<wire::NotificationSent> pack(FlatBufferBuilder& builder, const NotificationSent& fact) {
    const PackedText event = pack_text(builder, fact.event);
    return wire::CreateNotificationSent(builder, event, pack_text(builder, fact.text));
}

Offset<wire::EpochEnded> pack(FlatBufferBuilder& builder, const EpochEnded& fact) {
    return wire::CreateEpochEnded(builder, pack_text(builder, fact.reason));
}

Offset<wire::AllocationRefused> pack(FlatBufferBuilder& builder, const AllocationRefused& fact) {
    const PackedText reason = pack_text(builder, fact.reason);
    return wire::CreateAllocationRefused(builder, fact.allocation.value, reason, fact.for_good);
}

Offset<wire::UnitReopened> pack(FlatBufferBuilder& builder, const UnitReopened& fact) {
    const PackedText rows = pack_text(builder, fact.rows);
    const wire::UnitKey unit = pack_unit(fact.unit);
    return wire::CreateUnitReopened(builder, &unit, rows);
}

Offset<wire::UnitFoundHopeless> pack(FlatBufferBuilder& builder, const UnitFoundHopeless& fact) {
    const auto end = pack_end(builder, fact.end);
    const wire::UnitKey unit = pack_unit(fact.unit);
    return wire::CreateUnitFoundHopeless(builder, &unit, fact.attempt.value, end);
}

// unpack(table, fact): the inverse; false for what a verified table may still lack.

bool unpack(const wire::AllocationIntended& table, AllocationIntended& fact) {
    fact = {
        .allocation = AllocationId{table.allocation()},
        .token = unpack_text(table.token()),
        .lane = table.lane(),
        .after = AllocationId{table.after()}};
    return true;
}

bool unpack(const wire::AllocationSubmitted& table, AllocationSubmitted& fact) {
    fact = {AllocationId{table.allocation()}, unpack_text(table.job())};
    return true;
}

bool unpack(const wire::AllocationStarted& table, AllocationStarted& fact) {
    fact = {AllocationId{table.allocation()}, Millis(table.end_unix()), Millis(table.began_unix())};
    return true;
}

bool unpack(const wire::AllocationEnded& table, AllocationEnded& fact) {
    fact = {AllocationId{table.allocation()}, unpack_text(table.reason())};
    return true;
}

bool unpack(const wire::AgentJoined& table, AgentJoined& fact) {
    if (table.capacity() == nullptr) return false;
    fact.incarnation = IncarnationId{table.incarnation()};
    fact.allocation = AllocationId{table.allocation()};
    fact.node = unpack_text(table.node());
    fact.capacity = unpack_capacity(*table.capacity());
    return true;
}

bool unpack(const wire::AgentGone& table, AgentGone& fact) {
    fact = {IncarnationId{table.incarnation()}, table.in_order(), unpack_text(table.reason())};
    return true;
}

bool unpack(const wire::UnitsAssigned& table, UnitsAssigned& fact) {
    fact.incarnation = IncarnationId{table.incarnation()};
    fact.alone = table.alone();
    fact.units = unpack_assigned(table.units());
    if (table.gang() == nullptr) return true;
    for (const wire::GangShare* share : *table.gang())
        fact.gang.push_back({IncarnationId{share->agent()}, share->ranks()});
    return true;
}

// The three ends of an attempt have the same fields in tables of their own.
template <class Table, class EndFact>
bool unpack_ended(const Table& table, EndFact& fact) {
    if (table.unit() == nullptr) return false;
    fact.unit = unpack_unit(*table.unit());
    fact.attempt = AttemptNumber{table.attempt()};
    return unpack_end(table.end(), fact.end);
}

bool unpack(const wire::UnitFinished& table, UnitFinished& fact) {
    return unpack_ended(table, fact);
}

bool unpack(const wire::UnitAdopted& table, UnitAdopted& fact) {
    if (table.unit() == nullptr) return false;
    fact.unit = unpack_unit(*table.unit());
    fact.from = unpack_text(table.from());
    return unpack_end(table.end(), fact.end);
}

bool unpack(const wire::UnitGivenBack& table, UnitGivenBack& fact) {
    return unpack_ended(table, fact);
}

bool unpack(const wire::UnitFailed& table, UnitFailed& fact) {
    return unpack_ended(table, fact);
}

bool unpack(const wire::CheckpointSealed& table, CheckpointSealed& fact) {
    return unpack_sealed(&table, fact);
}

// For the two facts that are nothing but ranges.
template <class Table, class RangesFact>
bool unpack_ranges(const Table& table, RangesFact& fact) {
    if (table.ranges() == nullptr) return true;
    for (const wire::UnitRange* range : *table.ranges()) {
        fact.ranges.push_back({StageIndex{range->stage()}, range->first(), range->count()});
    }
    return true;
}

bool unpack(const wire::UnitsCancelled& table, UnitsCancelled& fact) {
    return unpack_ranges(table, fact);
}

bool unpack(const wire::UnitsRevived& table, UnitsRevived& fact) {
    return unpack_ranges(table, fact);
}

bool unpack(const wire::WaveOpened& table, WaveOpened& fact) {
    fact = {StageIndex{table.stage()}, table.wave()};
    return true;
}

bool unpack(const wire::SelectionDecided& table, SelectionDecided& fact) {
    fact.select = table.select();
    fact.explanation = unpack_text(table.explanation());
    if (table.chosen() == nullptr) return true;
    for (const wire::UnitKey* unit : *table.chosen())
        fact.chosen.push_back(unpack_unit(*unit));
    return true;
}

bool unpack(const wire::SweepPaused& table, SweepPaused& fact) {
    fact.reason = unpack_text(table.reason());
    return true;
}

bool unpack(const wire::SweepContinued&, SweepContinued&) {
    return true;
}

bool unpack(const wire::NodeBlamed& table, NodeBlamed& fact) {
    fact = {unpack_text(table.node()), unpack_text(table.reason())};
    return true;
}

bool unpack(const wire::ResultRefused& table, ResultRefused& fact) {
    if (table.unit() == nullptr) return false;
    fact.unit = unpack_unit(*table.unit());
    fact.attempt = AttemptNumber{table.attempt()};
    fact.reason = unpack_text(table.reason());
    fact.rows_hash = unpack_text(table.rows_hash());
    return true;
}

bool unpack(const wire::RequestDone& table, RequestDone& fact) {
    fact = {unpack_text(table.request()), unpack_text(table.reply())};
    return true;
}

bool unpack(const wire::NotificationSent& table, NotificationSent& fact) {
    fact = {unpack_text(table.event()), unpack_text(table.text())};
    return true;
}

bool unpack(const wire::EpochEnded& table, EpochEnded& fact) {
    fact.reason = unpack_text(table.reason());
    return true;
}

bool unpack(const wire::AllocationRefused& table, AllocationRefused& fact) {
    fact = {
        .allocation = AllocationId{table.allocation()},
        .reason = unpack_text(table.reason()),
        .for_good = table.for_good()};
    return true;
}

bool unpack(const wire::UnitReopened& table, UnitReopened& fact) {
    if (table.unit() == nullptr) return false;
    fact = {.unit = unpack_unit(*table.unit()), .rows = unpack_text(table.rows())};
    return true;
}

bool unpack(const wire::UnitFoundHopeless& table, UnitFoundHopeless& fact) {
    return unpack_ended(table, fact);
}

template <class>
struct TableOf;

template <class Table>
struct TableOf<Offset<Table>> {
    using type = Table;
};

// Appends the fact of kind `index` that the table says.
template <std::size_t index>
bool append_unpacked(const void* table, std::vector<Fact>& facts) {
    using Kind = std::variant_alternative_t<index, Fact>;
    using Packed = decltype(pack(std::declval<FlatBufferBuilder&>(), std::declval<const Kind&>()));
    using Table = typename TableOf<Packed>::type;
    static_assert(
        static_cast<std::size_t>(wire::FactTraits<Table>::enum_value) == index + 1,
        "facts.fbs and core/facts.h must list the same facts in the same order"
    );
    Fact& fact = facts.emplace_back(std::in_place_index<index>);
    return unpack(*static_cast<const Table*>(table), std::get<index>(fact));
}

using Unpacker = bool (*)(const void* table, std::vector<Fact>& facts);

template <std::size_t... index>
constexpr std::array<Unpacker, sizeof...(index)> make_unpackers(std::index_sequence<index...>) {
    return {&append_unpacked<index>...};
}

constexpr auto unpackers = make_unpackers(std::make_index_sequence<std::variant_size_v<Fact>>());

Result<void> unpack_facts(const wire::FactBatch& table, std::vector<Fact>& facts) {
    if (table.facts() == nullptr) return {};
    facts.reserve(table.facts()->size());
    for (flatbuffers::uoffset_t i = 0; i < table.facts()->size(); ++i) {
        const auto kind = static_cast<std::size_t>(table.facts_type()->Get(i));
        if (kind == 0 || kind > unpackers.size()) {
            return fail(
                ErrorCode::corrupted, fmt::format("fact {} is of the unknown kind {}", i, kind)
            );
        }
        if (!unpackers[kind - 1](table.facts()->Get(i), facts)) {
            return fail(
                ErrorCode::corrupted,
                fmt::format("fact {} of kind {} lacks a field or has an unknown cause", i, kind)
            );
        }
    }
    return {};
}

}  // namespace

void encode_facts(const FactBatch& batch, std::string& out) {
    FlatBufferBuilder builder;
    std::vector<wire::Fact> kinds;
    std::vector<Offset<void>> tables;
    kinds.reserve(batch.facts.size());
    tables.reserve(batch.facts.size());
    for (const Fact& fact : batch.facts) {
        kinds.push_back(static_cast<wire::Fact>(fact.index() + 1));
        tables.push_back(
            std::visit([&](const auto& kind) { return pack(builder, kind).Union(); }, fact)
        );
    }
    const auto packed_kinds = builder.CreateVector(kinds);
    const auto packed_tables = builder.CreateVector(tables);
    builder.Finish(
        wire::CreateFactBatch(builder, batch.at_unix.count(), packed_kinds, packed_tables)
    );
    out.append(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
}

Result<FactBatch> decode_facts(std::string_view bytes) {
    std::vector<std::uint64_t> copy;
    const std::string_view buffer = aligned(bytes, copy);
    const auto* start = reinterpret_cast<const std::uint8_t*>(buffer.data());
    // Every table takes at least four bytes, so this bound only keeps the default from refusing a
    // long batch.
    const auto tables_max = static_cast<flatbuffers::uoffset_t>(buffer.size());
    flatbuffers::Verifier verifier(start, buffer.size(), nesting_max, tables_max);
    if (buffer.size() < smallest_buffer || !wire::VerifyFactBatchBuffer(verifier)) {
        return fail(ErrorCode::corrupted, "the bytes are no batch of facts");
    }
    const wire::FactBatch& table = *wire::GetFactBatch(start);
    FactBatch batch{.at_unix = Millis(table.at_unix()), .facts = {}};
    if (auto unpacked = unpack_facts(table, batch.facts); !unpacked) {
        return tl::unexpected(unpacked.error());
    }
    return batch;
}

}  // namespace xorch
