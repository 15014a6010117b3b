#include "coordinator/journal/journal_thread.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "coordinator/journal/alive.h"
#include "core/io/descriptor.h"

namespace xorch {

namespace {

using Clock = std::chrono::steady_clock;

// A commit of this size does not wait for company.
constexpr std::uint64_t full_commit_bytes = 4ULL << 20U;

}  // namespace

struct JournalThread::Content {
    // Constant after construction.
    Disk* disk = nullptr;
    JournalWriter* writer = nullptr;
    Settings settings;
    Descriptor wakeup;

    // Guarded by `mutex`, which is held for moments only, never during a file operation.
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::string queued;
    std::uint64_t queued_sequence = 0;
    std::uint64_t writing_bytes = 0;
    std::uint64_t durable = 0;
    std::optional<Error> failure;
    std::optional<Error> alive_failure;
    bool stopping = false;

    // Of the thread.
    std::optional<AliveCounter> alive;
    Clock::time_point next_beat;
    Clock::time_point next_commit;

    std::thread thread;

    void run();
    void beat(std::unique_lock<std::mutex>& lock);
    void commit(std::unique_lock<std::mutex>& lock);
    void wake_loop() const;

    bool commit_due() const {
        if (queued.empty() || failure) return false;
        return stopping || queued.size() >= full_commit_bytes || Clock::now() >= next_commit;
    }

    bool beats() const { return !settings.alive_path.empty() && !failure; }
};

void JournalThread::Content::run() {
    std::unique_lock lock(mutex);
    while (true) {
        if (commit_due()) {
            commit(lock);
        } else if (stopping) {
            return;
        } else if (beats() && Clock::now() >= next_beat) {
            beat(lock);
        } else {
            Clock::time_point until = Clock::time_point::max();
            if (beats()) until = next_beat;
            if (!queued.empty() && !failure) until = std::min(until, next_commit);
            if (until == Clock::time_point::max()) {
                changed.wait(lock);
            } else {
                changed.wait_until(lock, until);
            }
        }
    }
}

void JournalThread::Content::beat(std::unique_lock<std::mutex>& lock) {
    next_beat = Clock::now() + settings.alive_every;
    lock.unlock();
    const auto bumped = [&]() -> Result<void> {
        if (!alive) {
            auto opened = AliveCounter::open(*disk, settings.alive_path);
            if (!opened) return tl::unexpected(opened.error());
            alive = std::move(*opened);
        }
        return alive->bump();
    }();
    if (!bumped) alive.reset();
    lock.lock();
    alive_failure = bumped ? std::nullopt : std::optional(bumped.error());
}

void JournalThread::Content::commit(std::unique_lock<std::mutex>& lock) {
    next_commit = Clock::now() + settings.commit_wait;
    const std::string bytes = std::exchange(queued, {});
    const std::uint64_t sequence = queued_sequence;
    writing_bytes = bytes.size();
    lock.unlock();
    auto written = writer->write(bytes);
    lock.lock();
    writing_bytes = 0;
    if (written) {
        durable = sequence;
    } else {
        failure = written.error();
        queued.clear();
    }
    wake_loop();
}

void JournalThread::Content::wake_loop() const {
    const std::uint64_t one = 1;
    // It can only fail when the counter is full, and then the descriptor is readable already.
    [[maybe_unused]] const ssize_t written = ::write(wakeup.number(), &one, sizeof one);
}

Result<std::unique_ptr<JournalThread>> JournalThread::start(
    Disk& disk, JournalWriter& writer, Settings settings
) {
    auto content = std::make_unique<Content>();
    content->disk = &disk;
    content->writer = &writer;
    content->settings = std::move(settings);
    content->next_beat = Clock::now();
    content->next_commit = Clock::now();
    content->wakeup = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!content->wakeup.is_open()) return fail_from_errno("starting the journal's thread", errno);
    try {
        content->thread = std::thread([owned = content.get()] { owned->run(); });
    } catch (const std::system_error& error) {
        return fail(
            ErrorCode::unavailable, std::string("starting the journal's thread: ") + error.what()
        );
    }
    return std::unique_ptr<JournalThread>(new JournalThread(std::move(content)));
}

JournalThread::JournalThread(std::unique_ptr<Content> content) : content_(std::move(content)) {}

JournalThread::~JournalThread() {
    {
        const std::lock_guard lock(content_->mutex);
        content_->stopping = true;
    }
    content_->changed.notify_one();
    content_->thread.join();
}

void JournalThread::submit(std::string bytes, std::uint64_t sequence) {
    {
        const std::lock_guard lock(content_->mutex);
        if (content_->failure) return;
        if (content_->queued.empty()) {
            content_->queued = std::move(bytes);
        } else {
            content_->queued += bytes;
        }
        content_->queued_sequence = sequence;
    }
    content_->changed.notify_one();
}

int JournalThread::descriptor() const {
    return content_->wakeup.number();
}

void JournalThread::clear_wakeup() {
    std::uint64_t count = 0;
    // Nothing to read means nothing to clear.
    [[maybe_unused]] const ssize_t got = ::read(content_->wakeup.number(), &count, sizeof count);
}

std::uint64_t JournalThread::durable() const {
    const std::lock_guard lock(content_->mutex);
    return content_->durable;
}

std::optional<Error> JournalThread::failure() const {
    const std::lock_guard lock(content_->mutex);
    return content_->failure;
}

std::optional<Error> JournalThread::alive_failure() const {
    const std::lock_guard lock(content_->mutex);
    return content_->alive_failure;
}

std::uint64_t JournalThread::queued_bytes() const {
    const std::lock_guard lock(content_->mutex);
    return content_->queued.size() + content_->writing_bytes;
}

}  // namespace xorch
