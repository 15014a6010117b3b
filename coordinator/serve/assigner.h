#pragma once

// Completes assignments just before they are sent: their inputs' rows are in the journal, and the
// loop must not wait for a disk. What has to be read is read by an errand; until then, everything
// else for the same agent waits behind it, so that no message overtakes another. Loop thread only.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/decide/reign.h"
#include "coordinator/serve/agent_links.h"
#include "core/disk.h"
#include "core/io/errands.h"
#include "core/layout.h"

namespace xorch {

// Rows of results, as far as they were read lately.
class RowCache final : public RowSource {
 public:
    // Remembers what it does not have and answers with no rows.
    Result<std::string> rows(FactLocation at) override;

    std::vector<FactLocation> take_missing();
    void put(FactLocation at, Result<std::string> rows);

    // Forgets failures, and the oldest rows beyond the limit. Not while somebody waits for what was
    // put: with less than all its inputs, an assignment would ask for the rest for ever.
    void trim();

 private:
    using Place = std::pair<std::uint32_t, std::pair<std::uint64_t, std::uint32_t>>;

    static Place place(FactLocation at) {
        return {
            at.segment, {at.offset, at.fact}
        };
    }

    std::map<Place, Result<std::string>> rows_;
    std::deque<Place> order_;  // oldest first
    std::size_t bytes_ = 0;
    std::vector<FactLocation> missing_;
};

class Assigner {
 public:
    struct Settings {
        Disk* disk = nullptr;
        SweepLayout layout;
        Errands* errands = nullptr;
        AgentLinks* links = nullptr;
        const Reign* reign = nullptr;
        // An assignment that cannot be made: its inputs do not fit a frame or cannot be read.
        std::function<void(IncarnationId, AssignedUnit, const Error&)> on_impossible;
    };

    explicit Assigner(Settings settings) : settings_(std::move(settings)) {}

    // To links, now or as soon as what it needs is read.
    void say(ToAgent message);

 private:
    // False if rows must be read first.
    bool try_assign(IncarnationId to, const AssignKeys& keys);
    bool try_say(const ToAgent& message);
    void fetch(IncarnationId to, std::vector<FactLocation> missing);
    void resume(IncarnationId to);

    Settings settings_;
    RowCache rows_;
    std::map<IncarnationId, std::deque<ToAgent>> held_;
};

}  // namespace xorch
