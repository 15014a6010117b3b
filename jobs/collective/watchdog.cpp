#include "jobs/collective/watchdog.h"

#include "core/error.h"

namespace xorch {

Watchdog::Watchdog(Millis patience, OnHang on_hang)
    : patience_(patience), on_hang_(std::move(on_hang)), thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void Watchdog::begin(std::string what, int times) {
    {
        const std::lock_guard lock(mutex_);
        XORCH_CHECK(!deadline_, "a rank waits in one collective at a time");
        what_ = std::move(what);
        deadline_ = std::chrono::steady_clock::now() + times * patience_;
    }
    changed_.notify_one();
}

// Nobody is woken: the thread finds at the old deadline that there is a new one, or none.
void Watchdog::end() {
    const std::lock_guard lock(mutex_);
    deadline_.reset();
}

void Watchdog::run() {
    std::unique_lock lock(mutex_);
    while (!over_) {
        if (!deadline_) {
            changed_.wait(lock);
        } else if (std::chrono::steady_clock::now() < *deadline_) {
            changed_.wait_until(lock, *deadline_);
        } else {
            const std::string what = what_;
            deadline_.reset();
            lock.unlock();
            on_hang_(what);
            lock.lock();
        }
    }
}

}  // namespace xorch
