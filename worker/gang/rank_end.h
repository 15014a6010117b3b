#pragma once

// How a rank ended, as it says itself in a file in the gang's folder, and what follows from the
// files of all of them: which rank failed first, and which ended with it. A rank that is done, or
// that its launcher ended, writes nothing: a gang leaves as many files as it has failures. Pure,
// but for reading the folder.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/disk.h"
#include "core/error.h"
#include "core/messages.h"

namespace xorch {

struct RankEnd {
    std::uint32_t rank = 0;
    std::string node;
    std::int64_t ended_unix_ms = 0;
    int exit_code = 0;
    int signal = 0;              // 0 = it exited by itself
    bool out_of_memory = false;  // its supervisor ended it; see `reason`
    bool was_asked = false;      // by TERM, since the whole gang is to end
    std::string unfit_node;      // that failed the check of the gang's nodes
    std::string reason;          // why it was ended or never began
    std::string tail;            // the last of what it printed

    friend bool operator==(const RankEnd&, const RankEnd&) = default;
};

std::string rank_end_name(std::uint32_t rank);

std::string format_rank_end(const RankEnd& end);
Result<RankEnd> parse_rank_end(std::string_view text);

// All that are there; a file that cannot be read counts as none.
std::vector<RankEnd> read_rank_ends(Disk& disk, const std::string& folder);

// What the ranks' ends say of the attempt.
struct GangVerdict {
    bool has_failed = false;  // else rank 0 asks to be called again
    RankEnd first;            // the rank whose end is the attempt's
    std::string message;
};

// A node that failed the check of all comes before any rank that failed. Nothing if no rank has
// said anything: then the launcher's end is the attempt's. `hung_exit_code` is that of a rank that
// waited in vain for the others, 0 = there is none such.
std::optional<GangVerdict> judge_ranks(
    const std::vector<RankEnd>& ends,
    const std::vector<RankHost>& hosts,
    int exit_checkpointed,
    int hung_exit_code
);

}  // namespace xorch
