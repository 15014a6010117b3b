#include "worker/gang/rank_end.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/json.h"
#include "worker/gang/launch.h"
#include "worker/gang/members.h"

namespace xorch {

namespace {

constexpr std::string_view file_prefix = "rank-";
constexpr std::string_view file_suffix = ".json";

// More are not told one by one.
constexpr std::uint32_t ranks_shown_max = 16;

// A node that fails the check breaks it for all others, whose clocks may be ahead.
bool is_earlier(const RankEnd& left, const RankEnd& right) {
    const auto key = [](const RankEnd& end) {
        return std::tuple(end.unfit_node.empty(), end.was_asked, end.ended_unix_ms, end.rank);
    };
    return key(left) < key(right);
}

std::string last_line(std::string_view text) {
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    return std::string(text.substr(text.rfind('\n') + 1));
}

std::string how(const RankEnd& end, int hung_exit_code) {
    if (!end.reason.empty()) return ": " + end.reason;
    if (end.signal != 0) return fmt::format(" was killed by signal {}", end.signal);
    if (hung_exit_code != 0 && end.exit_code == hung_exit_code) {
        return ": a collective hung: " + last_line(end.tail);
    }
    return fmt::format(" exited with code {}", end.exit_code);
}

std::string others(std::uint32_t ranks, std::uint32_t first) {
    if (ranks == 1) return "";
    if (ranks - 1 > ranks_shown_max) {
        return fmt::format("; the other {} ranks ended with it (collateral)", ranks - 1);
    }
    std::string list;
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
        if (rank != first) list += fmt::format("{}{}", list.empty() ? "" : ", ", rank);
    }
    return fmt::format("; rank{} {} ended with it (collateral)", ranks == 2 ? "" : "s", list);
}

}  // namespace

std::string rank_end_name(std::uint32_t rank) {
    return fmt::format("{}{}{}", file_prefix, rank, file_suffix);
}

std::string format_rank_end(const RankEnd& end) {
    return format_json(Object{
        {"rank",          std::int64_t{end.rank}},
        {"node",          end.node              },
        {"ended_unix_ms", end.ended_unix_ms     },
        {"exit_code",     end.exit_code         },
        {"signal",        end.signal            },
        {"out_of_memory", end.out_of_memory     },
        {"was_asked",     end.was_asked         },
        {"unfit_node",    end.unfit_node        },
        {"reason",        end.reason            },
        {"tail",          end.tail              }
    });
}

Result<RankEnd> parse_rank_end(std::string_view text) {
    const auto read = parse_json(text);
    if (!read) return tl::unexpected(read.error());
    if (read->find("rank") == nullptr) {
        return fail(ErrorCode::corrupted, "the end of a rank does not say of which");
    }
    RankEnd end;
    end.rank = static_cast<std::uint32_t>(integer_member(*read, "rank"));
    end.node = text_member(*read, "node");
    end.ended_unix_ms = integer_member(*read, "ended_unix_ms");
    end.exit_code = static_cast<int>(integer_member(*read, "exit_code"));
    end.signal = static_cast<int>(integer_member(*read, "signal"));
    end.out_of_memory = flag_member(*read, "out_of_memory");
    end.was_asked = flag_member(*read, "was_asked");
    end.unfit_node = text_member(*read, "unfit_node");
    end.reason = text_member(*read, "reason");
    end.tail = text_member(*read, "tail");
    return end;
}

std::vector<RankEnd> read_rank_ends(Disk& disk, const std::string& folder) {
    std::vector<RankEnd> ends;
    const auto names = disk.list(folder);
    if (!names) return ends;
    for (const std::string& name : *names) {
        if (!name.starts_with(file_prefix) || !name.ends_with(file_suffix)) continue;
        const auto text = disk.read(folder + "/" + name);
        auto end = text ? parse_rank_end(*text) : Result<RankEnd>(tl::unexpected(text.error()));
        if (end) ends.push_back(std::move(*end));
    }
    return ends;
}

std::optional<GangVerdict> judge_ranks(
    const std::vector<RankEnd>& ends,
    const std::vector<RankHost>& hosts,
    int exit_checkpointed,
    int hung_exit_code
) {
    const auto asks_again = [&](const RankEnd& end) {
        return end.signal == 0 && end.exit_code == exit_checkpointed && end.reason.empty();
    };
    const RankEnd* first = nullptr;
    const RankEnd* checkpointed = nullptr;
    for (const RankEnd& end : ends) {
        if (asks_again(end)) {
            checkpointed = &end;
        } else if (first == nullptr || is_earlier(end, *first)) {
            first = &end;
        }
    }
    if (first == nullptr) {
        if (checkpointed == nullptr) return std::nullopt;
        return GangVerdict{.has_failed = false, .first = *checkpointed, .message = {}};
    }
    const std::uint32_t ranks = rank_count(hosts);
    return GangVerdict{
        .has_failed = true,
        .first = *first,
        .message = fmt::format(
            "rank {} of {} on {}{}{}",
            first->rank,
            ranks,
            first->node,
            how(*first, hung_exit_code),
            first->was_asked ? "" : others(ranks, first->rank)
        )};
}

}  // namespace xorch
