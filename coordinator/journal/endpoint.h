#pragma once

// What the reigning coordinator leaves beside the journal for others: where it can be talked to,
// and a counter that shows that it lives. Neither is truth; readers take those of the highest
// epoch.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/disk.h"
#include "core/error.h"
#include "core/ids.h"
#include "core/layout.h"

namespace xorch {

// journal/<epoch>.endpoint.json
struct EndpointFile {
    EpochNumber epoch;
    std::string address;     // "tcp://127.0.0.1:4711": numeric
    std::string server_key;  // public, Z85
    std::string host;
    std::uint64_t pid = 0;

    friend bool operator==(const EndpointFile&, const EndpointFile&) = default;
};

Result<void> write_endpoint(Disk& disk, const SweepLayout& layout, const EndpointFile& endpoint);

// Of the highest epoch that wrote one; nothing if none did. That epoch may be over.
Result<std::optional<EndpointFile>> newest_endpoint(Disk& disk, const SweepLayout& layout);

// journal/<epoch>.alive: grows by one byte per beat. Its length is the counter, so that a beat
// needs neither a second file nor, almost always, a free block. Synced each time, since NFS shows
// others only what was. One thread at a time; `disk` must outlive it.
class AliveCounter {
 public:
    static Result<AliveCounter> open(Disk& disk, const std::string& path);

    Result<void> bump();

 private:
    explicit AliveCounter(std::unique_ptr<AppendFile> file) : file_(std::move(file)) {}

    std::unique_ptr<AppendFile> file_;
};

// Nothing if there is no counter (yet). Opens the file anew, so that NFS does not answer from its
// cache.
Result<std::optional<std::uint64_t>> read_alive(Disk& disk, const std::string& path);

}  // namespace xorch
