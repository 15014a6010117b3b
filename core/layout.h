#pragma once

// Where everything is in a sweep's directory (design: section 9). Pure text; nobody else composes
// these paths.

#include <string>

#include "core/ids.h"

namespace xorch {

struct SweepLayout {
    std::string root;  // absolute, without a trailing slash

    std::string sweep_file() const;      // sweep.toml: frozen, resolved
    std::string code() const;            // copies of declared code, one folder per stage name
    std::string program() const;         // the copy of xorch that this sweep uses
    std::string native_program() const;  // that of xorch-runner, if it has native units
    std::string journal() const;
    std::string endpoint(EpochNumber epoch) const;  // journal/<epoch>.endpoint.json
    std::string alive(EpochNumber epoch) const;     // journal/<epoch>.alive
    std::string snapshot(EpochNumber epoch) const;  // journal/<epoch>.snap
    std::string status() const;  // journal/status.json: the live display, derived
    std::string queue() const;   // journal/queue.json: the batch system's last answer, derived
    std::string inbox() const;
    std::string keys() const;
    std::string spool() const;
    std::string spool_file(IncarnationId incarnation) const;  // spool/<16 hex>.log
    std::string logs() const;
    std::string units() const;
    // units/ab/cd/<32 hex>: made only for units with checkpoints or artifacts.
    std::string unit(const UnitId& id) const;
    // units/ab/cd/<32 hex>/<attempt>
    std::string attempt(const UnitId& id, AttemptNumber attempt) const;
    // units/ab/cd/<32 hex>/<attempt>/out: {out} of the attempt, and the `directory` that units with
    // this one as input get. Per attempt, so that one which is superseded but alive cannot spoil
    // it.
    std::string output(const UnitId& id, AttemptNumber attempt) const;
    // units/ab/cd/<32 hex>/<attempt>/gang: what the ranks of a running attempt share.
    std::string gang(const UnitId& id, AttemptNumber attempt) const;
    // logs/<32 hex>-<attempt>.live: what a running attempt wrote so far, once there is much of it.
    std::string live_output(const UnitId& id, AttemptNumber attempt) const;
};

// Six digits, as in journal/000001.log.
std::string format_epoch(EpochNumber epoch);

}  // namespace xorch
