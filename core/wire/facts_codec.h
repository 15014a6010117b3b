#pragma once

// One batch of facts to and from bytes: the payload of a journal frame (core/wire/facts.fbs).
// Behind this header stands FlatBuffers. Pure; any thread.

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/facts.h"

namespace xorch {

// Appends the bytes of the batch to `out`.
void encode_facts(const FactBatch& batch, std::string& out);

// The bytes are verified before use. `corrupted` if they are no batch, or name a kind of fact or a
// cause that this program does not know: facts are never skipped.
Result<FactBatch> decode_facts(std::string_view bytes);

}  // namespace xorch
