#include "coordinator/serve/spool_reader.h"

#include <utility>
#include <variant>

#include "core/wire/spool_format.h"

namespace xorch {

Result<std::vector<AgentMessage>> read_spool(
    Disk& disk, const std::string& path, IncarnationId incarnation
) {
    const auto bytes = disk.read(path);
    if (!bytes && bytes.error().code == ErrorCode::not_found) return std::vector<AgentMessage>();
    if (!bytes) return tl::unexpected(bytes.error());
    auto contents = parse_spool(incarnation, *bytes);
    if (!contents) return tl::unexpected(contents.error());
    // Only what a spool is for; a hello in it would make a dead agent join.
    std::erase_if(contents->reports, [](const AgentMessage& each) {
        return !std::holds_alternative<EndReport>(each) &&
               !std::holds_alternative<CheckpointReport>(each);
    });
    return std::move(contents->reports);
}

}  // namespace xorch
