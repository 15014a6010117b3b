#pragma once

// A counter beside the journal that shows that the reigning coordinator lives. It is no truth:
// who reigns is what the segments say.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/disk.h"
#include "core/error.h"

namespace xorch {

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

// The epoch ended in good order: whoever stands by need not wait for silence. Only a hint, the
// journal says it, too.
Result<void> mark_ended(Disk& disk, const std::string& path);

struct AliveSign {
    std::optional<std::uint64_t> counter;  // nothing if there is none (yet)
    bool marked_ended = false;

    friend bool operator==(const AliveSign&, const AliveSign&) = default;
};

Result<AliveSign> read_alive_sign(Disk& disk, const std::string& path);

}  // namespace xorch
