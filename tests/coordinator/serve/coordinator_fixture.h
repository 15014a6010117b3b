#pragma once

// A coordinator on a thread of its own over a real directory and a real socket, with a backend and
// a stop source that the test holds in its hand.

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "coordinator/client.h"
#include "coordinator/loop.h"
#include "core/io/descriptor.h"
#include "core/io/posix_disk.h"
#include "tests/coordinator/serve/fake_agent.h"
#include "tests/support/temporary_directory.h"

namespace xorch {

// Wakes a poll from another thread.
class Bell {
 public:
    Bell();
    void ring();
    unsigned take();

    int descriptor() const { return event_.number(); }

 private:
    Descriptor event_;
};

class FakeBackend final : public Backend {
    std::promise<AllocationId> first_start_;

 public:
    void take_over(Now now, std::span<const AllocationState> left) override;
    void carry_out(Now now, const StartAllocation& order) override;
    void carry_out(Now now, const EndAllocation& order) override;
    std::vector<AllocationEvent> poll(Now now) override;

    int descriptor() const override { return bell_.descriptor(); }

    Millis next_poll() const override { return Millis::max(); }

    // For the test's thread. The first start of an allocation.
    std::shared_future<AllocationId> started = first_start_.get_future().share();
    void end(AllocationId allocation, const std::string& reason);

 private:
    bool any_started_ = false;
    std::mutex mutex_;  // guards what both threads touch
    std::vector<AllocationEvent> events_;
    Bell bell_;
};

class FakeStop final : public StopSource {
 public:
    int descriptor() const override { return bell_.descriptor(); }

    unsigned take() override { return bell_.take(); }

    void wish() { bell_.ring(); }

 private:
    Bell bell_;
};

// The real disk until the test says that it is full.
class FullDisk final : public Disk {
 public:
    std::atomic<bool> full{false};
    // Only segments of the journal fail; everything else still works.
    Result<std::unique_ptr<AppendFile>> create(const std::string& path) override;
    Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) override;

    Result<std::string> read(const std::string& path) override { return inner_.read(path); }

    Result<std::string> read_range(
        const std::string& path, std::uint64_t offset, std::uint64_t size
    ) override {
        return inner_.read_range(path, offset, size);
    }

    Result<std::uint64_t> size(const std::string& path) override { return inner_.size(path); }

    Result<std::vector<std::string>> list(const std::string& directory) override {
        return inner_.list(directory);
    }

    Result<bool> exists(const std::string& path) override { return inner_.exists(path); }

    Result<void> make_directory(const std::string& path) override {
        return inner_.make_directory(path);
    }

    Result<void> rename(const std::string& from, const std::string& to) override {
        return inner_.rename(from, to);
    }

    Result<bool> link(const std::string& from, const std::string& to) override {
        return inner_.link(from, to);
    }

    Result<void> remove(const std::string& path) override { return inner_.remove(path); }

    Result<void> sync_directory(const std::string& path) override {
        return inner_.sync_directory(path);
    }

 private:
    class File;
    PosixDisk inner_;
};

class CoordinatorFixture : public testing::Test {
 protected:
    void SetUp() override;
    void TearDown() override;

    // One stage "train" with so many units.
    static Sweep make_sweep(int units);

    // Also a second time, once the first one has returned.
    void start(Sweep sweep);

    // The outcome, once the coordinator returns.
    const Result<ReignOutcome>& outcome();

    // An agent of the first allocation, once that was started.
    FakeAgent agent(std::uint64_t incarnation = 0xa1);

    AskSettings ask_settings() const;
    ClaimSettings claim_settings() const;
    ClientRequest request(const std::string& verb, const std::string& arguments = "{}") const;

    // What the journal adds up to.
    ReadState read() const;
    std::uint32_t units_in(UnitPhase phase) const;

    bool was_logged(const std::string& part);

    TemporaryDirectory directory_;
    SweepLayout layout_{directory_.path()};
    Sweep sweep_;
    CoordinatorSettings settings_;
    FakeBackend backend_;
    FakeStop stop_;
    FullDisk disk_;

 private:
    std::mutex mutex_;  // guards log_
    std::vector<std::string> log_;
    std::future<Result<ReignOutcome>> running_;
    std::optional<Result<ReignOutcome>> outcome_;
};

}  // namespace xorch
