#include "worker/attempt/storage/background_queue.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "core/io/pipe.h"

namespace xorch {

struct BackgroundQueue::Shared {
    const Descriptor* wake = nullptr;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Work> waiting;
    std::vector<Continuation> done;
    bool closing = false;
    std::thread thread;

    void run() {
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait(lock, [this] { return closing || !waiting.empty(); });
            if (closing) return;
            const Work work = std::move(waiting.front());
            waiting.pop_front();
            lock.unlock();
            Continuation continuation = work();
            lock.lock();
            done.push_back(std::move(continuation));
            if (done.size() == 1) signal_event(*wake);
        }
    }
};

BackgroundQueue::BackgroundQueue(const Descriptor& wake) : shared_(std::make_unique<Shared>()) {
    shared_->wake = &wake;
    shared_->thread = std::thread([shared = shared_.get()] { shared->run(); });
}

BackgroundQueue::~BackgroundQueue() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->closing = true;
    }
    shared_->changed.notify_one();
    shared_->thread.join();
}

void BackgroundQueue::post(Work work) {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->waiting.push_back(std::move(work));
    }
    shared_->changed.notify_one();
}

std::vector<BackgroundQueue::Continuation> BackgroundQueue::take() {
    const std::lock_guard lock(shared_->mutex);
    return std::exchange(shared_->done, {});
}

}  // namespace xorch
