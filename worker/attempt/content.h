#pragma once

// The attempt runner's state: attempts by serial number, what they wait for, the two threads. One
// file per concern implements it: runner.cpp (the public face and the loop's turn), start.cpp,
// native.cpp (units in runners), gang.cpp (units of several ranks), stop.cpp (ending and clearing),
// watch.cpp (ticks: memory, disk, live output, checkpoints). Loop thread only.

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/io/descriptor.h"
#include "core/io/posix_disk.h"
#include "core/wire/runner_codec.h"
#include "worker/attempt/devices.h"
#include "worker/attempt/ownership.h"
#include "worker/attempt/records/records_stdout.h"
#include "worker/attempt/runners/runner_pool.h"
#include "worker/attempt/steps/exit_judgement.h"
#include "worker/attempt/steps/finishing.h"
#include "worker/attempt/steps/preparation.h"
#include "worker/attempt/storage/background_queue.h"
#include "worker/attempt/storage/output_capture.h"
#include "worker/attempt/storage/output_store.h"
#include "worker/attempt/storage/publishing.h"
#include "worker/attempt_runner.h"
#include "worker/gang/lease.h"

namespace xorch {

enum class AttemptPhase {
    preparing,  // on a thread; no process yet
    running,
    clearing,   // the main process is gone, others may not be
    finishing,  // on a thread; no process any more
};

enum class StopStep { none, asked, terminated, killed };

// Checkpoints of a running attempt.
struct CheckpointWatch {
    int inotify = -1;  // watch of the publish folder; -1 = looked at by the tick only
    bool in_flight = false;
    bool again = false;  // something was published meanwhile
    bool final_look_done = false;
    Millis asked_at{0};
    std::uint64_t next_sequence = 1;
    std::uint64_t sealed = 0;
    std::int64_t step = -1;
    GlobState state;
};

// What an attempt of several ranks has beside its process, which is the launcher.
struct GangRun {
    PortLease port;       // MASTER_PORT
    std::string address;  // MASTER_ADDR
    bool began = false;   // rank 0 runs
    PortLease check;      // where its nodes are checked before that; none if they were before
    std::string check_token;

    // Of native units: rank 0 speaks as a runner does.
    std::string socket_path;
    Descriptor listener;
    Descriptor socket;
    FrameInbox inbox;
    bool returned = false;
};

struct Attempt {
    std::uint64_t serial = 0;
    StartAttempt order;
    const Stage* stage = nullptr;
    AttemptPhase phase = AttemptPhase::preparing;
    Preparation prepared;
    DeviceShare devices;
    std::string scratch;  // one of the runner's folders
    Millis started{0};
    Millis started_unix{0};

    pid_t pid = 0;                // 0 = never started
    std::uint64_t runner = 0;     // that has the unit; 0 = it has a process of its own
    bool runner_is_free = false;  // the unit is over and its runner lives
    std::optional<GangRun> gang;
    std::string reason;  // of its failure, as the job says it
    Descriptor output;
    Descriptor errors;  // only if rows come from stdout
    OutputCapture capture;
    std::optional<StdoutRows> rows;
    std::vector<PrintedRow> printed;
    bool has_live_file = false;

    std::optional<Cause> ordered;  // by EndAttempt
    StopStep stop = StopStep::none;
    Millis next_stop_step{0};
    std::optional<Cause> imposed;
    std::string imposed_message;

    int exit_code = 0;
    int signal = 0;
    Millis ended{0};
    bool left_processes = false;
    Bytes memory_peak{0};
    bool measuring_disk = false;
    bool reading_rows = false;

    CheckpointWatch checkpoints;
    std::vector<std::string> notes;
};

// A unit that is done. Its checkpoints are dropped one turn after the end was reported: by then the
// agent has the report in its spool, and the unit cannot start from zero any more.
struct FinalUnit {
    UnitId id;
    std::size_t keep = 0;
};

// Whose turn an event of the epoll is: the attempt's serial (0 = the runner) and its kind.
enum class EventKind : std::uint64_t {
    signals,
    wake,
    inotify,
    output,
    errors,
    runner,  // the runner's number instead of a serial, also in the next one
    runner_output,
    gang,
};

struct AttemptRunner::Content {
    Content(const Sweep& sweep_in, RunnerSettings settings_in, std::vector<std::string> base);
    ~Content();
    Content(const Content&) = delete;
    Content& operator=(const Content&) = delete;

    // runner.cpp
    Result<void> open();
    void start(Now now, const StartAttempt& order);
    void end(Now now, const EndAttempt& order);
    std::vector<AttemptNews> turn(Now now);
    Millis next_turn() const;
    Attempt* find(UnitKey unit, AttemptNumber attempt);
    Attempt* find(std::uint64_t serial);
    void say(AttemptNews news);
    void read_events();
    void on_event(std::uint64_t serial, EventKind kind);
    Result<void> watch_descriptor(
        const Descriptor& descriptor, std::uint64_t serial, EventKind kind
    );
    void continue_work();
    void read_output(Attempt& attempt, bool is_error_output);
    void flush_live_if_much(Attempt& attempt);

    // start.cpp
    PreparationRequest request_for(const Attempt& attempt);
    std::string take_scratch();
    void on_prepared(std::uint64_t serial, Result<Preparation> prepared);
    Result<void> spawn_main(Attempt& attempt);
    void on_spawned(Attempt& attempt, pid_t main);
    void never_started(Attempt& attempt, Cause cause, std::string message);

    // native.cpp
    Result<void> hand_to_runner(Attempt& attempt);
    Result<RunnerProcess*> take_runner(const Attempt& attempt);
    RunUnit unit_for_runner(const Attempt& attempt) const;
    void on_runner_event(std::uint64_t number, EventKind kind);
    void read_runner(RunnerProcess& runner);
    void read_runner_output(RunnerProcess& runner);
    void on_returned(RunnerProcess& runner, const UnitReturned& returned);
    void take_over(Attempt& attempt, const UnitReturned& returned);
    void on_runner_ended(RunnerProcess& runner, int status);

    // gang.cpp
    Result<void> begin_gang(Attempt& attempt);
    Result<void> listen_to_gang(Attempt& attempt);
    Result<std::string> gang_address(const std::vector<RankHost>& hosts) const;
    GangRequest gang_request(const Attempt& attempt) const;
    void watch_gang(Attempt& attempt);
    void on_gang_event(Attempt& attempt);
    void hear_gang(Attempt& attempt);
    void end_lent_ranks(const AttemptOrder& order) const;
    void terminate_gang(Attempt& attempt) const;
    void kill_gang(Attempt& attempt);
    void kill_launcher_in_time(Attempt& attempt);
    bool ends_gang(const Attempt& attempt);
    std::vector<Process> processes_of(const Attempt& attempt);

    // stop.cpp
    void reap();
    void on_main_ended(Attempt& attempt, int status, std::uint64_t memory_peak_kb);
    void advance_stop(Attempt& attempt);
    void signal_all(Attempt& attempt, int signal);
    void kill_at_once(Attempt& attempt);
    void impose(Attempt& attempt, Cause cause, std::string message);
    void clear(Attempt& attempt);
    void finish(Attempt& attempt);
    FinishRequest finish_request(Attempt& attempt);
    void on_finished(std::uint64_t serial, AttemptEnd end);
    void drop_final_checkpoints();
    void kill_everything();

    // watch.cpp
    void tick();
    void watch_memory(Attempt& attempt);
    void watch_disk(Attempt& attempt);
    void watch_rows(Attempt& attempt);
    AttemptRows rows_of(const Attempt& attempt) const;
    void flush_live(Attempt& attempt);
    void on_published_event();
    void look_for_checkpoints(Attempt& attempt);
    PublishRequest publish_request(Attempt& attempt);
    void on_looked(std::uint64_t serial, Published published);

    const Sweep& sweep;
    RunnerSettings settings;
    std::function<void()> before_start;
    std::vector<std::string> base_environment;
    std::map<std::uint32_t, std::vector<std::string>> stage_environments;
    Devices devices;
    Ownership ownership;
    RunnerPool runners;
    std::set<std::vector<std::string>> checked_nodes;  // of gangs whose nodes passed
    std::map<std::uint64_t, Attempt> attempts;
    std::map<pid_t, std::uint64_t> mains;
    std::uint64_t last_serial = 0;
    std::vector<std::string> free_scratch;  // folders of ended attempts, used again
    std::uint32_t scratch_count = 0;
    std::vector<AttemptNews> news;
    std::vector<FinalUnit> final_units;  // their checkpoints go at the next turn
    std::uint64_t kernel_kills = 0;      // for want of memory, seen so far
    Now now;
    Millis next_tick{0};
    std::uint64_t ticks = 0;

    Descriptor epoll;
    Descriptor signals;
    Descriptor wake;
    Descriptor inotify;
    std::map<int, std::uint64_t> publish_watches;

    // The threads are last: they end first. The disk has no state; the store is the file thread's.
    PosixDisk disk;
    OutputStore output_store;
    std::unique_ptr<BackgroundQueue> checkpoint_thread;
    std::unique_ptr<BackgroundQueue> file_thread;
};

}  // namespace xorch
