#pragma once

// The journal: one segment per epoch, one writer each, ever. Format and the rules of claiming are
// in docs/journal-format.md. Readers need nothing but files. One thread at a time per object.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/disk.h"
#include "core/error.h"
#include "core/facts.h"
#include "core/ids.h"
#include "core/record.h"

namespace xorch {

// Who reigns, as its segment's header says.
struct Holder {
    std::string host;
    std::uint64_t pid = 0;
    std::uint64_t pid_started = 0;  // field 22 of /proc/<pid>/stat: tells a recycled pid apart
    std::string job;                // batch job, empty locally
    std::string machine;            // boot id and pid namespace: where that pid means something

    friend bool operator==(const Holder&, const Holder&) = default;
};

// How far the journal reaches.
struct JournalEnd {
    EpochNumber epoch;        // the newest segment; 0 = empty journal
    std::uint64_t bytes = 0;  // of it that count
    bool ended = false;       // its last fact is EpochEnded
    Holder holder;
    std::string sweep_hash;  // of the sweep that the journal belongs to
};

// Called for each batch in order. An error stops the replay and is returned.
using FactVisitor = std::function<Result<void>(const FactBatch& batch, FactLocation at)>;

// Reads every segment that counts from `from` on (default: the start). A torn tail of the newest
// segment is ignored; damage anywhere else is `corrupted`, with file, offset and what to do.
Result<JournalEnd> replay_journal(
    Disk& disk, const std::string& directory, const FactVisitor& visit, FactLocation from = {}
);

// The fact at that place, or corrupted/not_found.
Result<Fact> read_fact(Disk& disk, const std::string& directory, FactLocation at);

// The end of the attempt that the final fact of a unit tells of; corrupted if it is no such fact.
Result<AttemptEnd> read_attempt_end(Disk& disk, const std::string& directory, FactLocation at);

// Keeps 1 MiB back beside the journal (`reserve`), so that a full disk still has room for the facts
// that end a reign in good order. Does nothing if it is there.
Result<void> make_reserve(Disk& disk, const std::string& directory);

// Gives that room back. Does nothing if it is not there.
Result<void> release_reserve(Disk& disk, const std::string& directory);

// The segment of the reigning epoch, open for appending. `disk` must outlive it.
class JournalWriter {
 public:
    // Creates segment `end.epoch + 1` after what `end` says counts: header to a temporary file,
    // sync, link, sync of the directory. `conflict` if somebody else was faster; `unavailable` if
    // the newest segment grew since `end` was read: replay again from there. Whether the holder may
    // be succeeded is the caller's question (claim.h).
    static Result<JournalWriter> claim(
        Disk& disk,
        const std::string& directory,
        const JournalEnd& end,
        const Holder& self,
        std::string_view sweep_hash
    );

    ~JournalWriter();
    JournalWriter(JournalWriter&&) noexcept;
    JournalWriter& operator=(JournalWriter&&) noexcept;

    EpochNumber epoch() const;

    // Encodes a frame and says where it will be; nothing is written yet. Never fails.
    FactLocation stage(const FactBatch& batch);

    // Takes the bytes staged so far, to be written by write() on any one thread, in order.
    std::string take_staged();

    // Appends, syncs, and looks whether this epoch still reigns: `conflict` if a higher one exists
    // or is being claimed. After an error the writer is dead: drop it and recover from what is
    // durable. It may run on another thread than stage() and take_staged().
    Result<void> write(std::string_view staged);

 private:
    struct Content;
    explicit JournalWriter(std::unique_ptr<Content> content);
    std::unique_ptr<Content> content_;
};

}  // namespace xorch
