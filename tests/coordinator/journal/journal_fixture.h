#pragma once

// What the tests of the journal share: a disk in memory, a holder, and short ways to write and to
// read facts.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "coordinator/journal/journal.h"
#include "coordinator/journal/segment.h"
#include "tests/support/memory_disk.h"

namespace xorch {

inline const std::string journal_directory = "/sweep/journal";
inline const std::string sweep_hash = "5eed";

inline Holder holder_with_pid(std::uint64_t pid) {
    return {.host = "node1", .pid = pid, .pid_started = 77, .job = "", .machine = "m"};
}

inline FactBatch batch_saying(const std::string& reason) {
    return {.at_unix = Millis(1), .facts = {SweepPaused{reason}}};
}

// What a journal says, as far as batch_saying() wrote it.
struct Said {
    std::vector<std::string> reasons;
    std::vector<FactLocation> places;
    JournalEnd end;
};

inline Result<Said> read_journal(Disk& disk, FactLocation from = {}) {
    Said said;
    const auto visit = [&](const FactBatch& batch, FactLocation at) -> Result<void> {
        for (const Fact& fact : batch.facts) {
            if (const auto* paused = std::get_if<SweepPaused>(&fact)) {
                said.reasons.push_back(paused->reason);
            }
        }
        said.places.push_back(at);
        return {};
    };
    auto end = replay_journal(disk, journal_directory, visit, from);
    if (!end) return tl::unexpected(end.error());
    said.end = *end;
    return said;
}

inline Result<JournalWriter> claim_next(Disk& disk, std::uint64_t pid = 1) {
    const auto said = read_journal(disk);
    if (!said) return tl::unexpected(said.error());
    return JournalWriter::claim(
        disk, journal_directory, said->end, holder_with_pid(pid), sweep_hash
    );
}

inline Result<void> say(JournalWriter& writer, const std::string& reason) {
    writer.stage(batch_saying(reason));
    return writer.write(writer.take_staged());
}

}  // namespace xorch
