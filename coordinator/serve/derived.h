#pragma once

// What is made from the journal for readers' convenience while a reign lasts: journal/status.json,
// the tables, snapshots. All of it can be made again, so a failure is logged and nothing else.
// Content is composed on the loop thread, written by errands. Loop thread only.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "coordinator/decide/reign.h"
#include "coordinator/report/status.h"
#include "coordinator/serve/reign_journal.h"
#include "core/disk.h"
#include "core/io/errands.h"
#include "core/layout.h"
#include "core/time.h"

namespace xorch {

class Derived {
 public:
    struct Settings {
        SweepLayout layout;
        Holder self;
        Millis status_every{1'000};
        Millis tables_every{5'000};
        std::uint64_t facts_per_snapshot = 0;
        std::function<void(const SweepStatus&)> progress;
        std::function<Result<void>()> write_tables;
        std::function<void(std::string_view)> log;
    };

    struct Parts {
        Disk* disk = nullptr;
        ReignJournal* journal = nullptr;
        const Reign* reign = nullptr;
        Errands* errands = nullptr;         // short ones
        Errands* tables_errands = nullptr;  // long ones
    };

    Derived(Settings settings, Parts parts) : settings_(std::move(settings)), parts_(parts) {}

    // Does what is due.
    void poll(Now now);
    Millis next_poll() const;

    // The last status and snapshot, after everything is durable. Waits for them and for tables that
    // are under way; the last tables are for whoever gets the status.
    SweepStatus finish(Now now);

 private:
    SweepStatus compose_status(Now now, bool ended) const;
    void send_status(const SweepStatus& status);
    void poll_status(Now now);
    void poll_tables(Now now);
    void send_tables();
    void poll_snapshot();
    void take_snapshot();
    void send_snapshot();

    struct Pending {
        std::uint64_t sequence = 0;  // must be durable first
        FactLocation position;
        std::string state;
    };

    Settings settings_;
    Parts parts_;
    Millis status_due_{0};
    bool status_under_way_ = false;
    Millis tables_due_{0};
    Millis tables_began_{0};
    bool tables_under_way_ = false;
    FactLocation tables_of_;
    std::uint64_t facts_at_snapshot_ = 0;
    std::optional<Pending> snapshot_;
    std::string last_problem_;
};

}  // namespace xorch
