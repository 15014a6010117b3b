#pragma once

// This machine as a backend: an allocation is one keeper process in a session of its own, so that
// it survives the coordinator. It is recorded as "<pid>:<start time>", by which a later epoch finds
// it again. With an end, it behaves like a job with a time limit. Loop thread only.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/backend.h"
#include "core/error.h"
#include "core/layout.h"
#include "core/time.h"

namespace xorch {

struct LocalBackendSettings {
    SweepLayout layout;
    std::string program;  // the xorch that runs `keeper`
    std::vector<std::string> environment;
    // Open files that keepers, and so units, may have; 0 = as many as this process.
    std::uint64_t descriptors = 0;
    Millis time{0};  // [local] time; 0 = allocations have no end
    // From TERM to KILL: a keeper passes TERM on, and its agent gives units their grace first.
    Millis kill_after{60'000};
    // An allocation that outlives its end by this is ended like one that was asked to.
    Millis end_slack{5'000};
};

class LocalBackend final : public Backend {
 public:
    static Result<std::unique_ptr<LocalBackend>> make(LocalBackendSettings settings);
    ~LocalBackend() override;

    void take_over(Now now, std::span<const AllocationState> left) override;
    void carry_out(Now now, const StartAllocation& order) override;
    void carry_out(Now now, const EndAllocation& order) override;
    std::vector<AllocationEvent> poll(Now now) override;
    int descriptor() const override;
    Millis next_poll() const override;

 private:
    struct Content;
    explicit LocalBackend(std::unique_ptr<Content> content);
    std::unique_ptr<Content> content_;
};

}  // namespace xorch
