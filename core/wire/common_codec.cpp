#include "core/wire/common_codec.h"

#include <cstring>

#include "core/unit.h"

namespace xorch {

PackedText pack_text(flatbuffers::FlatBufferBuilder& builder, std::string_view text) {
    if (text.empty()) return {};
    return builder.CreateString(text.data(), text.size());
}

std::string unpack_text(const flatbuffers::String* text) {
    return text == nullptr ? std::string() : std::string(text->c_str(), text->size());
}

wire::UnitKey pack_unit(UnitKey unit) {
    return {unit.stage.value, unit.index};
}

UnitKey unpack_unit(const wire::UnitKey& unit) {
    return {StageIndex{unit.stage()}, unit.index()};
}

wire::Capacity pack_capacity(const Capacity& capacity) {
    return {capacity.cpus, capacity.gpus, capacity.memory.value};
}

Capacity unpack_capacity(const wire::Capacity& capacity) {
    return {capacity.cpus(), capacity.gpus(), Bytes{capacity.memory()}};
}

flatbuffers::Offset<flatbuffers::Vector<const wire::AssignedUnit*>> pack_assigned(
    flatbuffers::FlatBufferBuilder& builder, const std::vector<AssignedUnit>& units
) {
    std::vector<wire::AssignedUnit> packed;
    packed.reserve(units.size());
    for (const AssignedUnit& unit : units) {
        packed.emplace_back(pack_unit(unit.unit), unit.attempt.value);
    }
    return builder.CreateVectorOfStructs(packed);
}

std::vector<AssignedUnit> unpack_assigned(
    const flatbuffers::Vector<const wire::AssignedUnit*>* units
) {
    std::vector<AssignedUnit> unpacked;
    if (units == nullptr) return unpacked;
    unpacked.reserve(units->size());
    for (const wire::AssignedUnit* unit : *units) {
        unpacked.push_back({unpack_unit(unit->unit()), AttemptNumber{unit->attempt()}});
    }
    return unpacked;
}

flatbuffers::Offset<wire::AttemptEnd> pack_end(
    flatbuffers::FlatBufferBuilder& builder, const AttemptEnd& end
) {
    const PackedText message = pack_text(builder, end.message);
    const PackedText tail = pack_text(builder, end.tail);
    const PackedText rows = pack_text(builder, end.rows);
    const PackedText pack = pack_text(builder, end.output.pack);
    const PackedText env_key = pack_text(builder, end.env_key);
    const PackedText unfit_node = pack_text(builder, end.unfit_node);
    wire::AttemptEndBuilder table(builder);
    table.add_cause(static_cast<std::uint8_t>(end.cause));
    table.add_exit_code(end.exit_code);
    table.add_signal(end.signal);
    table.add_message(message);
    table.add_tail(tail);
    table.add_rows(rows);
    table.add_started_unix(end.started_unix.count());
    table.add_ran(end.ran.count());
    table.add_output_pack(pack);
    table.add_output_offset(end.output.offset);
    table.add_output_length(end.output.length);
    table.add_checkpoint_sequence(end.checkpoint_sequence);
    table.add_checkpoint_step(end.checkpoint_step);
    table.add_resumed(end.resumed);
    table.add_env_key(env_key);
    table.add_memory_peak(end.memory_peak.value);
    table.add_unfit_node(unfit_node);
    return table.Finish();
}

bool is_cause(std::uint8_t number) {
    return parse_cause(cause_name(static_cast<Cause>(number))).has_value();
}

bool unpack_end(const wire::AttemptEnd* packed, AttemptEnd& end) {
    if (packed == nullptr) return false;
    if (!is_cause(packed->cause())) return false;
    end.cause = static_cast<Cause>(packed->cause());
    end.exit_code = packed->exit_code();
    end.signal = packed->signal();
    end.message = unpack_text(packed->message());
    end.tail = unpack_text(packed->tail());
    end.rows = unpack_text(packed->rows());
    end.started_unix = Millis(packed->started_unix());
    end.ran = Millis(packed->ran());
    end.output.pack = unpack_text(packed->output_pack());
    end.output.offset = packed->output_offset();
    end.output.length = packed->output_length();
    end.checkpoint_sequence = packed->checkpoint_sequence();
    end.checkpoint_step = packed->checkpoint_step();
    end.resumed = packed->resumed();
    end.env_key = unpack_text(packed->env_key());
    end.memory_peak = Bytes{packed->memory_peak()};
    end.unfit_node = unpack_text(packed->unfit_node());
    return true;
}

flatbuffers::Offset<wire::CheckpointSealed> pack_sealed(
    flatbuffers::FlatBufferBuilder& builder, const CheckpointSealed& sealed
) {
    const wire::UnitKey unit = pack_unit(sealed.unit);
    return wire::CreateCheckpointSealed(
        builder, &unit, sealed.attempt.value, sealed.sequence, sealed.step, sealed.took.count()
    );
}

bool unpack_sealed(const wire::CheckpointSealed* packed, CheckpointSealed& sealed) {
    if (packed == nullptr || packed->unit() == nullptr) return false;
    sealed.unit = unpack_unit(*packed->unit());
    sealed.attempt = AttemptNumber{packed->attempt()};
    sealed.sequence = packed->sequence();
    sealed.step = packed->step();
    sealed.took = Millis(packed->took());
    return true;
}

std::string_view aligned(std::string_view bytes, std::vector<std::uint64_t>& copy) {
    const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
    if (address % alignof(std::uint64_t) == 0) return bytes;
    copy.resize((bytes.size() + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t));
    std::memcpy(copy.data(), bytes.data(), bytes.size());
    return {reinterpret_cast<const char*>(copy.data()), bytes.size()};
}

}  // namespace xorch
