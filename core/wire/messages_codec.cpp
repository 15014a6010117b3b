#include "core/wire/messages_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

#include "core/record.h"
#include "core/wire/messages_pack.h"

namespace xorch {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

// File identifiers: what kind of frame this is.
constexpr const char* agent_mark = "XoA1";
constexpr const char* coordinator_mark = "XoC1";
constexpr const char* request_mark = "XoQ1";
constexpr const char* reply_mark = "XoR1";

// Below it a frame cannot hold the root's offset and the mark.
constexpr std::size_t smallest_frame = 8;
// A frame of ours nests five deep: frame, message, assignment or report, end, text.
constexpr flatbuffers::uoffset_t nesting_max = 8;

static_assert(
    std::variant_size_v<AgentMessage> == static_cast<std::size_t>(wire::AgentMessage::MAX) &&
        std::variant_size_v<CoordinatorMessage> ==
            static_cast<std::size_t>(wire::CoordinatorMessage::MAX),
    "messages.fbs and core/messages.h must list the same messages in the same order"
);

std::string finish(FlatBufferBuilder& builder, Offset<void> root, const char* mark) {
    builder.Finish(root, mark);
    return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

// The vectors of one union's kinds and tables.
template <class Kind, class Message>
auto pack_messages(FlatBufferBuilder& builder, std::span<const Message> messages) {
    std::vector<Kind> kinds;
    std::vector<Offset<void>> tables;
    kinds.reserve(messages.size());
    tables.reserve(messages.size());
    for (const Message& message : messages) {
        kinds.push_back(static_cast<Kind>(message.index() + 1));
        tables.push_back(std::visit(
            [&](const auto& kind) { return pack_message(builder, kind).Union(); }, message
        ));
    }
    const auto packed_kinds = builder.CreateVector(kinds);
    const auto packed_tables = builder.CreateVector(tables);
    return std::pair(packed_kinds, packed_tables);
}

std::string encode_one(IncarnationId from, std::span<const AgentMessage> messages) {
    FlatBufferBuilder builder;
    const auto [kinds, tables] = pack_messages<wire::AgentMessage>(builder, messages);
    const auto frame = wire::CreateAgentFrame(builder, from.value, kinds, tables);
    return finish(builder, frame.Union(), agent_mark);
}

std::string encode_one(EpochNumber epoch, std::span<const CoordinatorMessage> messages) {
    FlatBufferBuilder builder;
    const auto [kinds, tables] = pack_messages<wire::CoordinatorMessage>(builder, messages);
    const auto frame = wire::CreateCoordinatorFrame(builder, epoch.value, kinds, tables);
    return finish(builder, frame.Union(), coordinator_mark);
}

Result<std::string> within_limit(std::string frame) {
    if (frame.size() <= frame_bytes_max) return frame;
    return fail(
        ErrorCode::invalid_input,
        fmt::format(
            "a message of {} bytes does not fit a frame of {}", frame.size(), frame_bytes_max
        )
    );
}

// Halves what does not fit: messages are small, so this hardly ever happens more than once.
template <class Sender, class Message>
Result<void> encode_split(
    Sender sender, std::span<const Message> messages, std::vector<std::string>& frames
) {
    std::string frame = encode_one(sender, messages);
    if (frame.size() <= frame_bytes_max || messages.size() < 2) {
        auto checked = within_limit(std::move(frame));
        if (!checked) return tl::unexpected(checked.error());
        frames.push_back(std::move(*checked));
        return {};
    }
    const std::size_t half = messages.size() / 2;
    if (auto first = encode_split(sender, messages.first(half), frames); !first) return first;
    return encode_split(sender, messages.subspan(half), frames);
}

template <class Sender, class Message>
Result<std::vector<std::string>> encode_all(Sender sender, std::span<const Message> messages) {
    std::vector<std::string> frames;
    if (messages.empty()) return frames;
    if (auto encoded = encode_split(sender, messages, frames); !encoded) {
        return tl::unexpected(encoded.error());
    }
    return frames;
}

template <class Root>
Result<const Root*> verified(std::string_view bytes, const char* mark) {
    const auto* start = reinterpret_cast<const std::uint8_t*>(bytes.data());
    // Every table takes at least four bytes; the verifier's default would refuse long frames.
    const auto tables_max = static_cast<flatbuffers::uoffset_t>(bytes.size());
    flatbuffers::Verifier verifier(start, bytes.size(), nesting_max, tables_max);
    if (bytes.size() < smallest_frame || bytes.size() > frame_bytes_max ||
        !verifier.VerifyBuffer<Root>(mark)) {
        return fail(ErrorCode::corrupted, "the bytes are no frame of the expected kind");
    }
    return flatbuffers::GetRoot<Root>(start);
}

template <class>
struct TableOf;

template <class Table>
struct TableOf<Offset<Table>> {
    using type = Table;
};

// Appends the message of kind `index` that the table says.
template <class Message, std::size_t index>
bool append_unpacked(const void* table, std::vector<Message>& messages) {
    using Kind = std::variant_alternative_t<index, Message>;
    using Made =
        decltype(pack_message(std::declval<FlatBufferBuilder&>(), std::declval<const Kind&>()));
    using Table = typename TableOf<Made>::type;
    Message& message = messages.emplace_back(std::in_place_index<index>);
    return unpack_message(*static_cast<const Table*>(table), std::get<index>(message));
}

template <class Message, std::size_t... index>
constexpr auto make_unpackers(std::index_sequence<index...>) {
    using Unpacker = bool (*)(const void*, std::vector<Message>&);
    return std::array<Unpacker, sizeof...(index)>{&append_unpacked<Message, index>...};
}

template <class Message, class Frame>
Result<std::vector<Message>> unpack_messages(const Frame& frame) {
    static constexpr auto unpackers =
        make_unpackers<Message>(std::make_index_sequence<std::variant_size_v<Message>>());
    std::vector<Message> messages;
    if (frame.messages() == nullptr) return messages;
    messages.reserve(frame.messages()->size());
    for (flatbuffers::uoffset_t i = 0; i < frame.messages()->size(); ++i) {
        const auto kind = static_cast<std::size_t>(frame.messages_type()->Get(i));
        const void* table = frame.messages()->Get(i);
        const bool known = kind > 0 && kind <= unpackers.size() && table != nullptr;
        if (!known || !unpackers[kind - 1](table, messages)) {
            return fail(
                ErrorCode::corrupted,
                fmt::format("message {} of kind {} is unknown or lacks a field", i, kind)
            );
        }
    }
    return messages;
}

}  // namespace

Result<std::vector<std::string>> encode_agent_frames(
    IncarnationId from, std::span<const AgentMessage> messages
) {
    return encode_all(from, messages);
}

Result<std::vector<std::string>> encode_coordinator_frames(
    EpochNumber epoch, std::span<const CoordinatorMessage> messages
) {
    return encode_all(epoch, messages);
}

Result<std::string> encode_request(const ClientRequest& request) {
    FlatBufferBuilder builder;
    const PackedText id = pack_text(builder, request.id);
    const PackedText verb = pack_text(builder, request.verb);
    const PackedText arguments = pack_text(builder, request.arguments);
    const auto table = wire::CreateClientRequest(builder, id, verb, arguments);
    return within_limit(finish(builder, table.Union(), request_mark));
}

Result<std::string> encode_reply(const ClientReply& reply) {
    FlatBufferBuilder builder;
    const PackedText id = pack_text(builder, reply.id);
    const PackedText text = pack_text(builder, reply.text);
    const auto table = wire::CreateClientReply(builder, id, reply.ok, text);
    return within_limit(finish(builder, table.Union(), reply_mark));
}

Result<AgentFrame> decode_agent_frame(std::string_view bytes) {
    std::vector<std::uint64_t> copy;
    const auto frame = verified<wire::AgentFrame>(aligned(bytes, copy), agent_mark);
    if (!frame) return tl::unexpected(frame.error());
    auto messages = unpack_messages<AgentMessage>(**frame);
    if (!messages) return tl::unexpected(messages.error());
    return AgentFrame{
        .from = IncarnationId{(*frame)->incarnation()}, .messages = std::move(*messages)};
}

Result<CoordinatorFrame> decode_coordinator_frame(std::string_view bytes) {
    std::vector<std::uint64_t> copy;
    const auto frame = verified<wire::CoordinatorFrame>(aligned(bytes, copy), coordinator_mark);
    if (!frame) return tl::unexpected(frame.error());
    auto messages = unpack_messages<CoordinatorMessage>(**frame);
    if (!messages) return tl::unexpected(messages.error());
    return CoordinatorFrame{
        .epoch = EpochNumber{(*frame)->epoch()}, .messages = std::move(*messages)};
}

Result<ClientRequest> decode_request(std::string_view bytes) {
    std::vector<std::uint64_t> copy;
    const auto table = verified<wire::ClientRequest>(aligned(bytes, copy), request_mark);
    if (!table) return tl::unexpected(table.error());
    return ClientRequest{
        .id = unpack_text((*table)->id()),
        .verb = unpack_text((*table)->verb()),
        .arguments = unpack_text((*table)->arguments()),
    };
}

Result<ClientReply> decode_reply(std::string_view bytes) {
    std::vector<std::uint64_t> copy;
    const auto table = verified<wire::ClientReply>(aligned(bytes, copy), reply_mark);
    if (!table) return tl::unexpected(table.error());
    return ClientReply{
        .id = unpack_text((*table)->id()),
        .ok = (*table)->ok(),
        .text = unpack_text((*table)->text()),
    };
}

}  // namespace xorch
