#include "core/wire/endpoint.h"

#include <fmt/format.h>

#include "core/json.h"
#include "core/value.h"

namespace xorch {

namespace {

constexpr std::string_view suffix = ".endpoint.json";

Result<std::string> text_member(const Value& object, std::string_view name) {
    const Value* member = object.find(name);
    const auto* text = member == nullptr ? nullptr : member->get_if<std::string>();
    if (text == nullptr) {
        return fail(ErrorCode::corrupted, fmt::format("the endpoint has no text \"{}\"", name));
    }
    return *text;
}

Result<std::int64_t> number_member(const Value& object, std::string_view name) {
    const Value* member = object.find(name);
    const auto* number = member == nullptr ? nullptr : member->get_if<std::int64_t>();
    if (number == nullptr || *number < 0) {
        return fail(ErrorCode::corrupted, fmt::format("the endpoint has no number \"{}\"", name));
    }
    return *number;
}

}  // namespace

std::string format_endpoint(const Endpoint& endpoint) {
    return format_json(Object{
               {"epoch",      std::int64_t{endpoint.epoch.value}     },
               {"address",    endpoint.address                       },
               {"public_key", endpoint.public_key                    },
               {"host",       endpoint.host                          },
               {"pid",        static_cast<std::int64_t>(endpoint.pid)},
    }) +
           "\n";
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    auto json = parse_json(text);
    if (!json) return tl::unexpected(json.error());
    const auto epoch = number_member(*json, "epoch");
    if (!epoch) return tl::unexpected(epoch.error());
    auto address = text_member(*json, "address");
    if (!address) return tl::unexpected(address.error());
    auto public_key = text_member(*json, "public_key");
    if (!public_key) return tl::unexpected(public_key.error());
    auto host = text_member(*json, "host");
    if (!host) return tl::unexpected(host.error());
    const auto pid = number_member(*json, "pid");
    if (!pid) return tl::unexpected(pid.error());
    return Endpoint{
        .epoch = {static_cast<std::uint32_t>(*epoch)},
        .address = std::move(*address),
        .public_key = std::move(*public_key),
        .host = std::move(*host),
        .pid = static_cast<std::uint64_t>(*pid)};
}

Result<void> write_endpoint(Disk& disk, const SweepLayout& layout, const Endpoint& endpoint) {
    return write_file_atomically(disk, layout.endpoint(endpoint.epoch), format_endpoint(endpoint));
}

Result<std::optional<Endpoint>> find_endpoint(Disk& disk, const SweepLayout& layout) {
    auto names = disk.list(layout.journal());
    if (!names) return tl::unexpected(names.error());
    // Names are sorted and epochs have six digits, so the last one is the highest.
    for (auto name = names->rbegin(); name != names->rend(); ++name) {
        if (!name->ends_with(suffix)) continue;
        auto text = disk.read(layout.journal() + "/" + *name);
        if (!text) return fail_with_context(text.error(), "reading " + *name);
        auto endpoint = parse_endpoint(*text);
        if (!endpoint) return fail_with_context(endpoint.error(), "reading " + *name);
        return std::optional(std::move(*endpoint));
    }
    return std::optional<Endpoint>();
}

}  // namespace xorch
