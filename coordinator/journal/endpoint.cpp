#include "coordinator/journal/endpoint.h"

#include <algorithm>
#include <charconv>

#include "coordinator/journal/members.h"
#include "core/json.h"

namespace xorch {

namespace {

constexpr std::string_view endpoint_suffix = ".endpoint.json";

std::optional<EpochNumber> parse_endpoint_name(std::string_view name) {
    if (!name.ends_with(endpoint_suffix)) return std::nullopt;
    name.remove_suffix(endpoint_suffix.size());
    EpochNumber epoch;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), epoch.value);
    if (parsed.ec != std::errc{} || format_epoch(epoch) != name) return std::nullopt;
    return epoch;
}

Result<EndpointFile> parse_endpoint(const std::string& path, std::string_view json) {
    const auto object = parse_json(json);
    if (!object) return fail_with_context(object.error(), path);
    const auto epoch = find_count(*object, "epoch");
    const auto address = find_text(*object, "address");
    const auto server_key = find_text(*object, "server_key");
    const auto host = find_text(*object, "host");
    const auto pid = find_count(*object, "pid");
    if (!epoch || !address || !server_key || !host || !pid) {
        return fail(ErrorCode::invalid_input, path + " is no endpoint: a member is missing");
    }
    const EpochNumber number{static_cast<std::uint32_t>(*epoch)};
    return EndpointFile{number, *address, *server_key, *host, *pid};
}

}  // namespace

Result<void> write_endpoint(Disk& disk, const SweepLayout& layout, const EndpointFile& endpoint) {
    const Value json(Object{
        {"epoch",      count_value(endpoint.epoch.value)},
        {"address",    endpoint.address                 },
        {"server_key", endpoint.server_key              },
        {"host",       endpoint.host                    },
        {"pid",        count_value(endpoint.pid)        },
    });
    return write_file_atomically(
        disk, layout.endpoint(endpoint.epoch), format_json_pretty(json) + "\n"
    );
}

Result<std::optional<EndpointFile>> newest_endpoint(Disk& disk, const SweepLayout& layout) {
    const auto names = disk.list(layout.journal());
    if (!names) return tl::unexpected(names.error());
    EpochNumber newest;
    for (const std::string& name : *names) {
        if (const auto epoch = parse_endpoint_name(name)) newest = std::max(newest, *epoch);
    }
    if (newest.value == 0) return std::nullopt;
    const std::string path = layout.endpoint(newest);
    const auto json = disk.read(path);
    if (!json) return tl::unexpected(json.error());
    auto endpoint = parse_endpoint(path, *json);
    if (!endpoint) return tl::unexpected(endpoint.error());
    return std::move(*endpoint);
}

Result<AliveCounter> AliveCounter::open(Disk& disk, const std::string& path) {
    const auto there = disk.exists(path);
    if (!there) return tl::unexpected(there.error());
    auto file = *there ? disk.open_append(path) : disk.create(path);
    if (!file) return tl::unexpected(file.error());
    return AliveCounter(std::move(*file));
}

Result<void> AliveCounter::bump() {
    if (auto written = file_->append("."); !written) return written;
    return file_->sync();
}

Result<std::optional<std::uint64_t>> read_alive(Disk& disk, const std::string& path) {
    const auto bytes = disk.read(path);
    if (bytes) return bytes->size();
    if (bytes.error().code == ErrorCode::not_found) return std::nullopt;
    return tl::unexpected(bytes.error());
}

}  // namespace xorch
