#include "core/wire/messages_pack.h"

#include <algorithm>

namespace xorch {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

wire::UnitIdBytes pack_id(const UnitId& id) {
    return wire::UnitIdBytes{flatbuffers::span<const std::uint8_t, 16>(id.bytes)};
}

UnitId unpack_id(const wire::UnitIdBytes& packed) {
    UnitId id;
    for (flatbuffers::uoffset_t i = 0; i < 16; ++i)
        id.bytes[i] = packed.bytes()->Get(i);
    return id;
}

Offset<wire::Assignment> pack_assignment(FlatBufferBuilder& builder, const Assignment& unit) {
    const wire::UnitKey key = pack_unit(unit.unit);
    const wire::UnitIdBytes id = pack_id(unit.id);
    const PackedText params = pack_text(builder, unit.params);
    const PackedText inputs = pack_text(builder, unit.inputs);
    std::vector<Offset<wire::RankHost>> hosts;
    for (const RankHost& host : unit.hosts)
        hosts.push_back(wire::CreateRankHost(builder, pack_text(builder, host.node), host.ranks));
    const auto packed_hosts = hosts.empty() ? 0 : builder.CreateVector(hosts);
    return wire::CreateAssignment(
        builder,
        &key,
        unit.attempt.value,
        &id,
        params,
        inputs,
        unit.seed,
        unit.alone,
        unit.timeout_left.count(),
        packed_hosts
    );
}

bool unpack_assignment(const wire::Assignment& table, Assignment& unit) {
    if (table.unit() == nullptr || table.id() == nullptr) return false;
    unit.unit = unpack_unit(*table.unit());
    unit.attempt = AttemptNumber{table.attempt()};
    unit.id = unpack_id(*table.id());
    unit.params = unpack_text(table.params());
    unit.inputs = unpack_text(table.inputs());
    unit.seed = table.seed();
    unit.alone = table.alone();
    unit.timeout_left = Millis(table.timeout_left());
    if (table.hosts() == nullptr) return true;
    for (const wire::RankHost* host : *table.hosts())
        unit.hosts.push_back({unpack_text(host->node()), host->ranks()});
    return true;
}

}  // namespace

Offset<wire::AgentHello> pack_message(FlatBufferBuilder& builder, const AgentHello& message) {
    const PackedText node = pack_text(builder, message.node);
    const wire::Capacity capacity = pack_capacity(message.capacity);
    const auto holding = pack_assigned(builder, message.holding);
    return wire::CreateAgentHello(
        builder,
        message.incarnation.value,
        message.allocation.value,
        node,
        message.pid,
        &capacity,
        holding,
        message.first_unacknowledged,
        message.allocation_left.count()
    );
}

bool unpack_message(const wire::AgentHello& table, AgentHello& message) {
    if (table.capacity() == nullptr) return false;
    message.incarnation = IncarnationId{table.incarnation()};
    message.allocation = AllocationId{table.allocation()};
    message.node = unpack_text(table.node());
    message.pid = table.pid();
    message.capacity = unpack_capacity(*table.capacity());
    message.holding = unpack_assigned(table.holding());
    message.first_unacknowledged = table.first_unacknowledged();
    message.allocation_left = Millis(table.allocation_left());
    return true;
}

Offset<wire::AgentHeartbeat> pack_message(
    FlatBufferBuilder& builder, const AgentHeartbeat& message
) {
    return wire::CreateAgentHeartbeat(
        builder, message.allocation_left.count(), message.running, message.queued, message.leaving
    );
}

bool unpack_message(const wire::AgentHeartbeat& table, AgentHeartbeat& message) {
    message.allocation_left = Millis(table.allocation_left());
    message.running = table.running();
    message.queued = table.queued();
    message.leaving = table.leaving();
    return true;
}

Offset<wire::AttemptStarted> pack_message(
    FlatBufferBuilder& builder, const AttemptStarted& message
) {
    const wire::UnitKey unit = pack_unit(message.unit);
    return wire::CreateAttemptStarted(builder, &unit, message.attempt.value, message.pid);
}

bool unpack_message(const wire::AttemptStarted& table, AttemptStarted& message) {
    if (table.unit() == nullptr) return false;
    message.unit = unpack_unit(*table.unit());
    message.attempt = AttemptNumber{table.attempt()};
    message.pid = table.pid();
    return true;
}

Offset<wire::CheckpointReport> pack_message(
    FlatBufferBuilder& builder, const CheckpointReport& message
) {
    const auto sealed = pack_sealed(builder, message.sealed);
    return wire::CreateCheckpointReport(builder, message.sequence, sealed);
}

bool unpack_message(const wire::CheckpointReport& table, CheckpointReport& message) {
    message.sequence = table.sequence();
    return unpack_sealed(table.sealed(), message.sealed);
}

Offset<wire::EndReport> pack_message(FlatBufferBuilder& builder, const EndReport& message) {
    const auto end = pack_end(builder, message.end);
    const wire::UnitKey unit = pack_unit(message.unit);
    return wire::CreateEndReport(builder, message.sequence, &unit, message.attempt.value, end);
}

bool unpack_message(const wire::EndReport& table, EndReport& message) {
    if (table.unit() == nullptr) return false;
    message.sequence = table.sequence();
    message.unit = unpack_unit(*table.unit());
    message.attempt = AttemptNumber{table.attempt()};
    return unpack_end(table.end(), message.end);
}

Offset<wire::AgentGoodbye> pack_message(FlatBufferBuilder& builder, const AgentGoodbye& message) {
    const PackedText reason = pack_text(builder, message.reason);
    return wire::CreateAgentGoodbye(builder, reason);
}

bool unpack_message(const wire::AgentGoodbye& table, AgentGoodbye& message) {
    message.reason = unpack_text(table.reason());
    return true;
}

Offset<wire::Welcome> pack_message(FlatBufferBuilder& builder, const Welcome& message) {
    const auto superseded = pack_assigned(builder, message.superseded);
    std::vector<wire::LentRanks> lent;
    for (const LentRanks& each : message.lends)
        lent.emplace_back(pack_id(each.id), each.attempt.value);
    const auto lends = lent.empty() ? 0 : builder.CreateVectorOfStructs(lent);
    return wire::CreateWelcome(
        builder, message.epoch.value, superseded, message.acknowledged_through, lends
    );
}

bool unpack_message(const wire::Welcome& table, Welcome& message) {
    message.epoch = EpochNumber{table.epoch()};
    message.superseded = unpack_assigned(table.superseded());
    message.acknowledged_through = table.acknowledged_through();
    if (table.lends() == nullptr) return true;
    for (const wire::LentRanks* each : *table.lends())
        message.lends.push_back({unpack_id(each->id()), AttemptNumber{each->attempt()}});
    return true;
}

Offset<wire::Assign> pack_message(FlatBufferBuilder& builder, const Assign& message) {
    std::vector<Offset<wire::Assignment>> units;
    units.reserve(message.units.size());
    for (const Assignment& unit : message.units) {
        units.push_back(pack_assignment(builder, unit));
    }
    return wire::CreateAssign(builder, builder.CreateVector(units));
}

bool unpack_message(const wire::Assign& table, Assign& message) {
    if (table.units() == nullptr) return true;
    message.units.reserve(table.units()->size());
    for (const wire::Assignment* unit : *table.units()) {
        if (!unpack_assignment(*unit, message.units.emplace_back())) return false;
    }
    return true;
}

Offset<wire::StopAttempt> pack_message(FlatBufferBuilder& builder, const StopAttempt& message) {
    const wire::UnitKey unit = pack_unit(message.unit);
    const auto cause = static_cast<std::uint8_t>(message.cause);
    return wire::CreateStopAttempt(builder, &unit, message.attempt.value, cause, message.at_once);
}

bool unpack_message(const wire::StopAttempt& table, StopAttempt& message) {
    if (table.unit() == nullptr) return false;
    if (!is_cause(table.cause())) return false;
    message.unit = unpack_unit(*table.unit());
    message.attempt = AttemptNumber{table.attempt()};
    message.cause = static_cast<Cause>(table.cause());
    message.at_once = table.at_once();
    return true;
}

Offset<wire::Acknowledge> pack_message(FlatBufferBuilder& builder, const Acknowledge& message) {
    return wire::CreateAcknowledge(builder, message.through);
}

bool unpack_message(const wire::Acknowledge& table, Acknowledge& message) {
    message.through = table.through();
    return true;
}

Offset<wire::CoordinatorHeartbeat> pack_message(
    FlatBufferBuilder& builder, const CoordinatorHeartbeat& message
) {
    return wire::CreateCoordinatorHeartbeat(builder, message.allocation_left.count());
}

bool unpack_message(const wire::CoordinatorHeartbeat& table, CoordinatorHeartbeat& message) {
    message.allocation_left = Millis(table.allocation_left());
    return true;
}

Offset<wire::Leave> pack_message(FlatBufferBuilder& builder, const Leave& message) {
    const PackedText reason = pack_text(builder, message.reason);
    return wire::CreateLeave(builder, reason, message.at_once);
}

bool unpack_message(const wire::Leave& table, Leave& message) {
    message.reason = unpack_text(table.reason());
    message.at_once = table.at_once();
    return true;
}

Offset<wire::EndRanks> pack_message(FlatBufferBuilder& builder, const EndRanks& message) {
    const wire::UnitIdBytes id = pack_id(message.id);
    return wire::CreateEndRanks(builder, &id, message.attempt.value);
}

bool unpack_message(const wire::EndRanks& table, EndRanks& message) {
    if (table.id() == nullptr) return false;
    message.id = unpack_id(*table.id());
    message.attempt = AttemptNumber{table.attempt()};
    return true;
}

}  // namespace xorch
