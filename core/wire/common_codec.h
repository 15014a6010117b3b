#pragma once

// Conversion of what both schemas share, for the codecs of this folder only: it is the one header
// here that shows FlatBuffers types, and no public header includes it. An empty text is written as
// an absent field. Reading assumes a verified buffer; what a verifier cannot know (an absent
// struct, a cause out of range) makes unpack_* false.

#include <string>
#include <string_view>
#include <vector>

#include "common_generated.h"
#include "core/facts.h"

namespace xorch {

using PackedText = flatbuffers::Offset<flatbuffers::String>;

PackedText pack_text(flatbuffers::FlatBufferBuilder& builder, std::string_view text);
std::string unpack_text(const flatbuffers::String* text);

wire::UnitKey pack_unit(UnitKey unit);
UnitKey unpack_unit(const wire::UnitKey& unit);

wire::Capacity pack_capacity(const Capacity& capacity);
Capacity unpack_capacity(const wire::Capacity& capacity);

flatbuffers::Offset<flatbuffers::Vector<const wire::AssignedUnit*>> pack_assigned(
    flatbuffers::FlatBufferBuilder& builder, const std::vector<AssignedUnit>& units
);
std::vector<AssignedUnit> unpack_assigned(
    const flatbuffers::Vector<const wire::AssignedUnit*>* units
);

// Whether the number of a cause, as the schemas have it, is that of one.
bool is_cause(std::uint8_t number);

flatbuffers::Offset<wire::AttemptEnd> pack_end(
    flatbuffers::FlatBufferBuilder& builder, const AttemptEnd& end
);
bool unpack_end(const wire::AttemptEnd* packed, AttemptEnd& end);

flatbuffers::Offset<wire::CheckpointSealed> pack_sealed(
    flatbuffers::FlatBufferBuilder& builder, const CheckpointSealed& sealed
);
bool unpack_sealed(const wire::CheckpointSealed* packed, CheckpointSealed& sealed);

// The bytes, at an address that FlatBuffers may read numbers from. `copy` holds them if they have
// to move, and must outlive the result.
std::string_view aligned(std::string_view bytes, std::vector<std::uint64_t>& copy);

}  // namespace xorch
