#include "jobs/collective/first_rank.h"

#include <array>
#include <span>

namespace xorch {

Result<std::string> from_first_rank(Communicator& ranks, Result<std::string> own) {
    if (ranks.size() == 1) return own;
    constexpr std::int64_t no_error = -1;
    std::string text = own ? std::move(*own) : own.error().message;
    std::array<std::int64_t, 2> about{
        own ? no_error : static_cast<std::int64_t>(own.error().code),
        static_cast<std::int64_t>(text.size())};
    auto told = ranks.broadcast(std::as_writable_bytes(std::span(about)), 0);
    if (!told) return tl::unexpected(told.error());
    text.resize(static_cast<std::size_t>(about[1]));
    told = ranks.broadcast(std::as_writable_bytes(std::span(text)), 0);
    if (!told) return tl::unexpected(told.error());
    if (about[0] != no_error) return fail(static_cast<ErrorCode>(about[0]), std::move(text));
    return text;
}

}  // namespace xorch
