#pragma once

// The contract between a native job and whatever runs it. A job is one function that gets a
// NativeUnit: its parameters, its inputs, a place for records, artifacts and checkpoints, random
// streams, and the answer to "shall I stop?". It computes in one thread of its own choosing and
// calls the unit from that thread only. Free of LibTorch; see docs/adding-a-job.md.
//
// The duties of a job: equal parameters, seed and threads give equal records, bit for bit; it asks
// should_checkpoint() and should_stop() at least every few seconds; what it saved is enough to go
// on as if nothing had happened.
//
// In a gang every rank runs the job and makes the same calls in the same order. Rank 0 leads: it
// alone writes records, artifacts and checkpoints; the calls of the others are for agreement only.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/job.h"
#include "core/time.h"
#include "core/unit_input.h"
#include "core/value.h"
#include "jobs/collective/communicator.h"
#include "jobs/job_state.h"
#include "jobs/parameters.h"
#include "jobs/random/random_stream.h"

namespace xorch {

// How a job returns, if not with an error.
enum class JobEnd {
    done,          // every record is reported
    checkpointed,  // it was asked to stop, saved itself, and wants to be called again
};

// What the runner was told about a unit. Paths are absolute; an empty one means there is none.
struct UnitSetup {
    std::string id;
    std::uint32_t attempt = 1;
    std::string params = "{}";  // JSON
    std::string inputs;         // JSON as of XORCH_INPUTS, or empty
    std::uint32_t seed = 0;
    std::uint32_t threads = 1;
    std::string out;      // for artifacts; made when the first one is
    std::string publish;  // for finished checkpoints; made when the first one is
    std::string resume;   // sealed checkpoint to go on from
    std::string records;  // JSON lines; holds the rows of that checkpoint already
    std::string env_key;  // all that the unit's bits depend on, beside its own definition
    Millis checkpoint_every{60'000};  // 0 = never by time
    Millis stop_before{0};            // on the host's clock; 0 = open
};

// The world outside of a unit: the runner's, or a test's.
class UnitHost {
 public:
    virtual ~UnitHost() = default;

    virtual bool stop_asked() = 0;  // once true, always true
    virtual Millis now() = 0;       // never goes back
    virtual void on_published() = 0;
};

class NativeUnit {
 public:
    // Checks parameters and inputs, cuts records back to what the checkpoint saw. `host` outlives
    // the unit; `ranks` speaks for this rank.
    static Result<NativeUnit> open(
        const JobDeclaration& job,
        UnitSetup setup,
        UnitHost& host,
        std::unique_ptr<Communicator> ranks = make_single_rank()
    );

    const Parameters& params() const { return params_; }

    std::uint32_t seed() const { return setup_.seed; }

    std::uint32_t threads() const { return setup_.threads; }

    const std::vector<UnitInput>& inputs() const { return inputs_; }

    // The only input from that stage; not_found or conflict names the stage.
    Result<const UnitInput*> input(std::string_view stage) const;

    Communicator& ranks() { return *ranks_; }

    // Not so on the other ranks of a gang: what they write counts for nothing and need not be made.
    bool leads() const { return ranks_->rank() == 0; }

    // Keyed by the unit's seed, the purpose and indices.
    RandomStream stream(std::string_view purpose, std::initializer_list<std::int64_t> where = {})
        const;

    // Appends one row of scalars. Rows after the last checkpoint are reported again by whoever
    // resumes from it.
    Result<void> report(const Object& row);

    // Where to write the artifact of that relative name; its folder exists.
    Result<std::string> artifact(std::string_view name);

    // What an earlier attempt saved, by any number of ranks, the same on all of them; nothing =
    // start from the beginning.
    Result<std::optional<JobState>> resume();

    // The env_key that it was saved under; empty = there is none.
    const std::string& resumed_env_key() const { return resumed_env_key_; }

    // It is time: limits.checkpoint_every has passed since the last one, or the unit shall stop.
    // All ranks get one answer and must ask at the same step.
    bool should_checkpoint();

    // Save, then return JobEnd::checkpointed.
    bool should_stop();

    // Durable when this returns; the agent seals it. `step` grows from checkpoint to checkpoint.
    Result<void> checkpoint(std::int64_t step, const JobState& state);

    // Until the unit must have stopped; nothing = open.
    std::optional<Millis> time_left();

    // Says how far the unit is in its output, now and then.
    void progress(std::int64_t done, std::int64_t total);

 private:
    NativeUnit(UnitSetup setup, UnitHost& host) : setup_(std::move(setup)), host_(&host) {}

    Result<void> read_checkpoint();
    Result<void> write_checkpoint(std::int64_t step, const JobState& state);
    Result<std::int64_t> largest(std::int64_t own);
    bool agreed(bool own_answer);

    UnitSetup setup_;
    UnitHost* host_;
    std::unique_ptr<Communicator> ranks_;
    Parameters params_;
    std::vector<UnitInput> inputs_;
    std::string resumed_env_key_;
    Millis saved_at_{0};
    std::optional<Millis> spoke_at_;
    std::optional<Error> parting_;  // why the ranks cannot go on together
};

using JobFunction = Result<JobEnd> (*)(NativeUnit& unit);

// What an exception out of a job means.
struct JobFailure {
    std::string message;
    bool out_of_memory = false;
};

struct NativeJob {
    std::string_view name;  // of its declaration
    JobFunction run;
};

}  // namespace xorch
