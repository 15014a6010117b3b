#pragma once

// Requests by file, for clients that cannot reach the coordinator's socket: `inbox/<id>.json`,
// placed by rename, answered in `inbox/<id>.reply`. What is no regular private file of this user
// with a proper name is never opened, followed or believed. All functions wait for the disk: the
// coordinator calls them from its errand thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/messages.h"

namespace xorch {

inline constexpr std::size_t inbox_bytes_max = 1U << 20U;
inline constexpr std::size_t inbox_requests_per_poll = 100;

// 32 random hexadecimal digits.
std::string make_request_id();
bool is_request_id(std::string_view text);

struct InboxRequest {
    std::string id;                 // from the file's name
    Result<ClientRequest> request;  // or what is wrong with the file
};

// Requests that wait, in the order of their names, at most inbox_requests_per_poll. Removes replies
// that nobody fetched for an hour.
Result<std::vector<InboxRequest>> read_inbox(const std::string& directory);

// Writes the reply, then removes the request: a crash in between repeats the answer.
Result<void> answer_inbox(const std::string& directory, const ClientReply& reply);

// For clients.
Result<void> drop_into_inbox(const std::string& directory, const ClientRequest& request);
Result<std::optional<ClientReply>> take_inbox_reply(
    const std::string& directory, const std::string& id
);
// The request does not count any more, unless somebody read it already.
Result<void> withdraw_from_inbox(const std::string& directory, const std::string& id);

}  // namespace xorch
