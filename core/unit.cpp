#include "core/unit.h"

#include <array>
#include <cstddef>

namespace xorch {

namespace {

struct Transition {
    UnitPhase from;
    UnitEvent event;
    UnitPhase to;
};

using enum UnitPhase;

// Everything that can happen to a unit. What is not in the table cannot.
constexpr std::array transitions{
    Transition{waiting,   UnitEvent::inputs_met,    ready    },
    Transition{waiting,   UnitEvent::finish,        done     }, // adopted: an equal unit finished elsewhere
    Transition{waiting,   UnitEvent::fail,          failed   }, // upstream, gate_not_met
    Transition{waiting,   UnitEvent::cancel,        cancelled},
    Transition{waiting,   UnitEvent::find_hopeless, hopeless }, // adopted, or all its inputs are
    Transition{ready,     UnitEvent::assign,        assigned },
    Transition{
               ready,     UnitEvent::finish,        done     }, // adopted, or a spooled result of the current attempt
    Transition{ready,     UnitEvent::fail,          failed   }, // an attempt's end found in the spool, timeout
    Transition{ready,     UnitEvent::cancel,        cancelled},
    Transition{ready,     UnitEvent::find_hopeless, hopeless }, // as with finish
    Transition{assigned,  UnitEvent::finish,        done     },
    Transition{assigned,  UnitEvent::give_back,     ready    },
    Transition{assigned,  UnitEvent::fail,          failed   },
    Transition{assigned,  UnitEvent::cancel,        cancelled},
    Transition{assigned,  UnitEvent::find_hopeless, hopeless },
    Transition{failed,    UnitEvent::revive,        waiting  },
    Transition{cancelled, UnitEvent::revive,        waiting  },
    Transition{done,      UnitEvent::reopen,        waiting  }, // its records lack something
    Transition{ready,     UnitEvent::reopen,        waiting  }, // that of an input do
};

struct CauseName {
    Cause cause;
    std::string_view name;
};

constexpr std::array cause_names{
    CauseName{Cause::none,          "none"         },
    CauseName{Cause::user_error,    "user_error"   },
    CauseName{Cause::records,       "records"      },
    CauseName{Cause::crash,         "crash"        },
    CauseName{Cause::out_of_memory, "out_of_memory"},
    CauseName{Cause::spawn,         "spawn"        },
    CauseName{Cause::output_limit,  "output_limit" },
    CauseName{Cause::checkpointed,  "checkpointed" },
    CauseName{Cause::time_limit,    "time_limit"   },
    CauseName{Cause::preempted,     "preempted"    },
    CauseName{Cause::stop_request,  "stop_request" },
    CauseName{Cause::agent_lost,    "agent_lost"   },
    CauseName{Cause::superseded,    "superseded"   },
    CauseName{Cause::cancelled,     "cancelled"    },
    CauseName{Cause::timeout,       "timeout"      },
    CauseName{Cause::no_progress,   "no_progress"  },
    CauseName{Cause::upstream,      "upstream"     },
    CauseName{Cause::gate_not_met,  "gate_not_met" },
    CauseName{Cause::poison,        "poison"       },
    CauseName{Cause::collateral,    "collateral"   },
    CauseName{Cause::hopeless,      "hopeless"     },
};

static_assert(cause_names.size() == static_cast<std::size_t>(Cause::hopeless) + 1);

}  // namespace

bool is_final(UnitPhase phase) {
    return phase == done || phase == failed || phase == cancelled || phase == hopeless;
}

std::string_view phase_name(UnitPhase phase) {
    switch (phase) {
        case waiting:
            return "waiting";
        case ready:
            return "ready";
        case assigned:
            return "assigned";
        case done:
            return "done";
        case failed:
            return "failed";
        case cancelled:
            return "cancelled";
        case hopeless:
            return "hopeless";
    }
    return "?";
}

std::string_view cause_name(Cause cause) {
    const auto index = static_cast<std::size_t>(cause);
    return index < cause_names.size() ? cause_names[index].name : "?";
}

std::optional<Cause> parse_cause(std::string_view name) {
    for (const CauseName& entry : cause_names) {
        if (entry.name == name) return entry.cause;
    }
    return std::nullopt;
}

bool is_own_failure(Cause cause) {
    return cause >= Cause::user_error && cause <= Cause::output_limit;
}

bool is_outcome(Cause cause) {
    return cause == Cause::none || cause == Cause::hopeless;
}

bool is_known_stop(Cause cause) {
    return cause >= Cause::checkpointed && cause <= Cause::stop_request;
}

std::string_view event_name(UnitEvent event) {
    switch (event) {
        case UnitEvent::inputs_met:
            return "inputs_met";
        case UnitEvent::assign:
            return "assign";
        case UnitEvent::finish:
            return "finish";
        case UnitEvent::give_back:
            return "give_back";
        case UnitEvent::fail:
            return "fail";
        case UnitEvent::cancel:
            return "cancel";
        case UnitEvent::revive:
            return "revive";
        case UnitEvent::reopen:
            return "reopen";
        case UnitEvent::find_hopeless:
            return "find_hopeless";
    }
    return "?";
}

std::optional<UnitPhase> next_phase(UnitPhase phase, UnitEvent event) {
    for (const Transition& transition : transitions) {
        if (transition.from == phase && transition.event == event) return transition.to;
    }
    return std::nullopt;
}

}  // namespace xorch
