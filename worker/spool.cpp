#include "worker/spool.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/wire/spool_format.h"

namespace xorch {

namespace {

// A file that holds nothing of use is not worth two calls to the file system before it has grown to
// a size that one can notice.
constexpr std::uint64_t idle_bytes = 256U << 10U;

// A file of which a part is still of use is rewritten at this size, and then at twice what was
// left.
constexpr std::uint64_t busy_bytes = 16U << 20U;

}  // namespace

Spool::Spool(Disk& disk, std::string path, IncarnationId incarnation)
    : disk_(disk), path_(std::move(path)), incarnation_(incarnation), rewrite_at_(busy_bytes) {}

Result<void> Spool::append(std::span<const AgentMessage> reports) {
    if (reports.empty()) return {};
    auto bytes = format_spool(incarnation_, reports);
    if (!bytes) return tl::unexpected(bytes.error());
    if (!file_) {
        if (auto opened = open(); !opened) return opened;
    }
    if (auto appended = file_->append(*bytes); !appended) {
        broken_ = true;
        return fail_with_context(appended.error(), "writing " + path_);
    }
    bytes_ += bytes->size();
    return {};
}

bool Spool::wants_rewrite(std::size_t unacknowledged) const {
    if (broken_) return true;
    return bytes_ >= (unacknowledged == 0 ? idle_bytes : rewrite_at_);
}

Result<void> Spool::rewrite(const std::deque<AgentMessage>& unacknowledged) {
    file_.reset();
    if (unacknowledged.empty()) {
        if (auto there = disk_.exists(path_); there && *there) {
            if (auto removed = disk_.remove(path_); !removed) return removed;
        }
        bytes_ = 0;
        broken_ = false;
        return {};
    }
    const std::vector<AgentMessage> reports(unacknowledged.begin(), unacknowledged.end());
    auto bytes = format_spool(incarnation_, reports);
    if (!bytes) return tl::unexpected(bytes.error());
    // A name that no reader takes for a spool, in case the rename never happens.
    const std::string fresh = path_ + ".new";
    if (auto there = disk_.exists(fresh); there && *there) {
        if (auto removed = disk_.remove(fresh); !removed) return removed;
    }
    auto file = disk_.create(fresh);
    if (!file) return tl::unexpected(file.error());
    if (auto appended = (*file)->append(*bytes); !appended) return appended;
    if (auto renamed = disk_.rename(fresh, path_); !renamed) return renamed;
    file_ = std::move(*file);
    bytes_ = bytes->size();
    rewrite_at_ = std::max(busy_bytes, 2 * bytes_);
    broken_ = false;
    return {};
}

Result<void> Spool::open() {
    auto file = disk_.create(path_);
    if (!file) {
        broken_ = true;
        return fail_with_context(file.error(), "making the spool");
    }
    file_ = std::move(*file);
    bytes_ = 0;
    return {};
}

}  // namespace xorch
