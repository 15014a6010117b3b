#pragma once

// Each message to and from its table, for the codec of this folder only: like common_codec.h it
// shows FlatBuffers types, and no public header includes it. unpack_message() takes tables that a
// verifier has seen and is false for what a verifier cannot know.

#include "core/messages.h"
#include "core/wire/common_codec.h"
#include "messages_generated.h"

namespace xorch {

flatbuffers::Offset<wire::AgentHello> pack_message(
    flatbuffers::FlatBufferBuilder& builder, const AgentHello& message
);
bool unpack_message(const wire::AgentHello& table, AgentHello& message);

flatbuffers::Offset<wire::AgentHeartbeat> pack_message(
    flatbuffers::FlatBufferBuilder& builder, const AgentHeartbeat& message
);
bool unpack_message(const wire::AgentHeartbeat& table, AgentHeartbeat& message);

flatbuffers::Offset<wire::AttemptStarted> pack_message(
    flatbuffers::FlatBufferBuilder& builder, const AttemptStarted& message
);
bool unpack_message(const wire::AttemptStarted& table, AttemptStarted& message);

flatbuffers::Offset<wire::CheckpointReport> pack_message(
    flatbuffers::FlatBufferBuilder& builder, const CheckpointReport& message
);
bool unpack_message(const wire::CheckpointReport& table, CheckpointReport& message);

flatbuffers::Offset<wire::EndReport> pack_message(
    flatbuffers::FlatBufferBuilder& builder, const EndReport& message
);
bool unpack_message(const wire::EndReport& table, EndReport& message);

flatbuffers::Offset<wire::AgentGoodbye> pack_message(
    flatbuffers::FlatBufferBuilder& builder, const AgentGoodbye& message
);
bool unpack_message(const wire::AgentGoodbye& table, AgentGoodbye& message);

flatbuffers::Offset<wire::Welcome> pack_message(
    flatbuffers::FlatBufferBuilder& builder, const Welcome& message
);
bool unpack_message(const wire::Welcome& table, Welcome& message);

flatbuffers::Offset<wire::Assign> pack_message(
    flatbuffers::FlatBufferBuilder& builder, const Assign& message
);
bool unpack_message(const wire::Assign& table, Assign& message);

flatbuffers::Offset<wire::StopAttempt> pack_message(
    flatbuffers::FlatBufferBuilder& builder, const StopAttempt& message
);
bool unpack_message(const wire::StopAttempt& table, StopAttempt& message);

flatbuffers::Offset<wire::Acknowledge> pack_message(
    flatbuffers::FlatBufferBuilder& builder, const Acknowledge& message
);
bool unpack_message(const wire::Acknowledge& table, Acknowledge& message);

flatbuffers::Offset<wire::CoordinatorHeartbeat> pack_message(
    flatbuffers::FlatBufferBuilder& builder, const CoordinatorHeartbeat& message
);
bool unpack_message(const wire::CoordinatorHeartbeat& table, CoordinatorHeartbeat& message);

flatbuffers::Offset<wire::Leave> pack_message(
    flatbuffers::FlatBufferBuilder& builder, const Leave& message
);
bool unpack_message(const wire::Leave& table, Leave& message);

flatbuffers::Offset<wire::EndRanks> pack_message(
    flatbuffers::FlatBufferBuilder& builder, const EndRanks& message
);
bool unpack_message(const wire::EndRanks& table, EndRanks& message);

}  // namespace xorch
