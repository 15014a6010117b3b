#include "core/io/errands.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "core/io/descriptor.h"

namespace xorch {

struct Errands::Content {
    std::mutex mutex;  // guards these three
    std::deque<Work> queue;
    std::deque<Report> reports;
    bool closing = false;

    std::condition_variable changed;
    Descriptor event;
    std::size_t out = 0;  // sent and not yet reported; loop thread only
    std::thread thread;

    void run();
    std::deque<Report> take_reports();
};

void Errands::Content::run() {
    while (true) {
        Work work;
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [&] { return closing || !queue.empty(); });
            if (queue.empty()) return;
            work = std::move(queue.front());
            queue.pop_front();
        }
        Report report = work();
        {
            const std::scoped_lock lock(mutex);
            reports.push_back(std::move(report));
        }
        const std::uint64_t one = 1;
        // A full counter is readable already.
        [[maybe_unused]] const ssize_t written = write(event.number(), &one, sizeof one);
    }
}

std::deque<Errands::Report> Errands::Content::take_reports() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(event.number(), &count, sizeof count);
    const std::scoped_lock lock(mutex);
    return std::exchange(reports, {});
}

Errands::Errands(std::unique_ptr<Content> content) : content_(std::move(content)) {}

Errands::~Errands() {
    if (!content_) return;
    {
        const std::scoped_lock lock(content_->mutex);
        content_->closing = true;
    }
    content_->changed.notify_one();
    content_->thread.join();
}

Errands::Errands(Errands&&) noexcept = default;

Errands& Errands::operator=(Errands&& other) noexcept {
    const Errands before(std::move(content_));
    content_ = std::move(other.content_);
    return *this;
}

Result<Errands> Errands::start() {
    auto content = std::make_unique<Content>();
    content->event = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!content->event.is_open()) return fail_from_errno("creating an event descriptor", errno);
    content->thread = std::thread([inner = content.get()] { inner->run(); });
    return Errands(std::move(content));
}

void Errands::send(Work work) {
    ++content_->out;
    {
        const std::scoped_lock lock(content_->mutex);
        content_->queue.push_back(std::move(work));
    }
    content_->changed.notify_one();
}

int Errands::descriptor() const {
    return content_->event.number();
}

void Errands::collect() {
    for (const Report& report : content_->take_reports()) {
        --content_->out;
        if (report) report();
    }
}

void Errands::finish() {
    while (content_->out > 0) {
        pollfd waiting{.fd = descriptor(), .events = POLLIN, .revents = 0};
        poll(&waiting, 1, -1);
        collect();
    }
}

}  // namespace xorch
