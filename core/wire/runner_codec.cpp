#include "core/wire/runner_codec.h"

#include <vector>

#include "core/frame.h"
#include "core/record.h"
#include "core/wire/common_codec.h"
#include "runner_generated.h"

namespace xorch {

namespace {

using flatbuffers::FlatBufferBuilder;

constexpr const char* order_mark = "XoO1";
constexpr const char* news_mark = "XoN1";
// The root's offset and the mark.
constexpr std::size_t smallest_payload = 8;

template <class Root>
std::string finish(FlatBufferBuilder& builder, flatbuffers::Offset<Root> root, const char* mark) {
    builder.Finish(root, mark);
    std::string bytes;
    append_frame(
        bytes, {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()}
    );
    return bytes;
}

auto pack(FlatBufferBuilder& builder, const RunUnit& unit) {
    const auto id = pack_text(builder, unit.id);
    const auto job = pack_text(builder, unit.job);
    const auto params = pack_text(builder, unit.params);
    const auto inputs = pack_text(builder, unit.inputs);
    const auto out = pack_text(builder, unit.out);
    const auto publish = pack_text(builder, unit.publish);
    const auto resume = pack_text(builder, unit.resume);
    const auto records = pack_text(builder, unit.records);
    const auto cpus = builder.CreateVector(unit.cpus);
    wire::RunUnitBuilder packed(builder);
    packed.add_serial(unit.serial);
    packed.add_id(id);
    packed.add_attempt(unit.attempt);
    packed.add_job(job);
    packed.add_job_version(unit.job_version);
    packed.add_params(params);
    packed.add_inputs(inputs);
    packed.add_seed(unit.seed);
    packed.add_threads(unit.threads);
    packed.add_out(out);
    packed.add_publish(publish);
    packed.add_resume(resume);
    packed.add_records(records);
    packed.add_checkpoint_every(unit.checkpoint_every.count());
    packed.add_time_left(unit.time_left.count());
    packed.add_cpus(cpus);
    return packed.Finish();
}

RunUnit unpack(const wire::RunUnit& packed) {
    RunUnit unit{
        .serial = packed.serial(),
        .id = unpack_text(packed.id()),
        .attempt = packed.attempt(),
        .job = unpack_text(packed.job()),
        .job_version = packed.job_version(),
        .params = unpack_text(packed.params()),
        .inputs = unpack_text(packed.inputs()),
        .seed = packed.seed(),
        .threads = packed.threads(),
        .out = unpack_text(packed.out()),
        .publish = unpack_text(packed.publish()),
        .resume = unpack_text(packed.resume()),
        .records = unpack_text(packed.records()),
        .checkpoint_every = Millis(packed.checkpoint_every()),
        .time_left = Millis(packed.time_left())};
    if (packed.cpus() != nullptr) unit.cpus.assign(packed.cpus()->begin(), packed.cpus()->end());
    return unit;
}

auto pack(FlatBufferBuilder& builder, const UnitReturned& unit) {
    const auto message = pack_text(builder, unit.message);
    const auto env_key = pack_text(builder, unit.env_key);
    const auto remark = pack_text(builder, unit.remark);
    return wire::CreateUnitReturned(
        builder,
        unit.serial,
        static_cast<wire::UnitOutcome>(unit.outcome),
        message,
        env_key,
        remark,
        unit.memory_peak,
        unit.worn
    );
}

UnitReturned unpack(const wire::UnitReturned& packed) {
    return {
        .serial = packed.serial(),
        .outcome = static_cast<UnitOutcome>(packed.outcome()),
        .message = unpack_text(packed.message()),
        .env_key = unpack_text(packed.env_key()),
        .remark = unpack_text(packed.remark()),
        .memory_peak = packed.memory_peak(),
        .worn = packed.worn()};
}

template <class Root>
const Root* verified(
    std::string_view payload, const char* mark, std::vector<std::uint64_t>& aligned_copy
) {
    const std::string_view bytes = aligned(payload, aligned_copy);
    const auto* start = reinterpret_cast<const std::uint8_t*>(bytes.data());
    flatbuffers::Verifier verifier(start, bytes.size());
    if (bytes.size() < smallest_payload || !verifier.VerifyBuffer<Root>(mark)) return nullptr;
    return flatbuffers::GetRoot<Root>(start);
}

tl::unexpected<Error> no_message() {
    return fail(ErrorCode::corrupted, "the bytes are no message between agent and runner");
}

}  // namespace

std::string encode_runner_order(const RunnerOrder& order) {
    FlatBufferBuilder builder;
    if (const auto* unit = std::get_if<RunUnit>(&order)) {
        const auto packed = pack(builder, *unit).Union();
        const auto kind = wire::RunnerOrder::RunUnit;
        return finish(builder, wire::CreateRunnerOrderFrame(builder, kind, packed), order_mark);
    }
    const auto serial = std::get<StopUnit>(order).serial;
    const auto packed = wire::CreateStopUnit(builder, serial).Union();
    const auto kind = wire::RunnerOrder::StopUnit;
    return finish(builder, wire::CreateRunnerOrderFrame(builder, kind, packed), order_mark);
}

std::string encode_runner_news(const RunnerNews& news) {
    FlatBufferBuilder builder;
    if (const auto* returned = std::get_if<UnitReturned>(&news)) {
        const auto packed = pack(builder, *returned).Union();
        const auto kind = wire::RunnerNews::UnitReturned;
        return finish(builder, wire::CreateRunnerNewsFrame(builder, kind, packed), news_mark);
    }
    const auto serial = std::get<UnitPublished>(news).serial;
    const auto packed = wire::CreateUnitPublished(builder, serial).Union();
    const auto kind = wire::RunnerNews::UnitPublished;
    return finish(builder, wire::CreateRunnerNewsFrame(builder, kind, packed), news_mark);
}

Result<RunnerOrder> decode_runner_order(std::string_view payload) {
    std::vector<std::uint64_t> copy;
    const auto* frame = verified<wire::RunnerOrderFrame>(payload, order_mark, copy);
    if (frame == nullptr) return no_message();
    if (const auto* unit = frame->order_as_RunUnit()) return RunnerOrder(unpack(*unit));
    if (const auto* stop = frame->order_as_StopUnit()) return RunnerOrder(StopUnit{stop->serial()});
    return no_message();
}

Result<RunnerNews> decode_runner_news(std::string_view payload) {
    std::vector<std::uint64_t> copy;
    const auto* frame = verified<wire::RunnerNewsFrame>(payload, news_mark, copy);
    if (frame == nullptr) return no_message();
    if (const auto* published = frame->news_as_UnitPublished())
        return RunnerNews(UnitPublished{published->serial()});
    const auto* returned = frame->news_as_UnitReturned();
    if (returned == nullptr || returned->outcome() > wire::UnitOutcome::MAX) return no_message();
    return RunnerNews(unpack(*returned));
}

Result<std::optional<std::string>> FrameInbox::next() {
    if (bytes_.size() < frame_header_bytes) return std::optional<std::string>();
    const auto claimed = claimed_frame_bytes(bytes_);
    if (!claimed || *claimed > frame_bytes_max)
        return fail(ErrorCode::corrupted, "the stream between agent and runner is damaged");
    if (bytes_.size() < *claimed) return std::optional<std::string>();
    const auto frame = parse_frame(bytes_);
    if (!frame) return fail(ErrorCode::corrupted, "the stream between agent and runner is damaged");
    std::optional<std::string> payload(std::string(frame->payload));
    bytes_.erase(0, frame->bytes);
    return payload;
}

}  // namespace xorch
