#include <algorithm>
#include <optional>

#include "coordinator/report/status.h"
#include "core/json.h"

namespace xorch {

namespace {

// Raised when a member changes its meaning; a reader of another version replays the journal
// instead.
constexpr std::int64_t status_version = 4;

constexpr std::array phases{
    UnitPhase::waiting,
    UnitPhase::ready,
    UnitPhase::assigned,
    UnitPhase::done,
    UnitPhase::failed,
    UnitPhase::cancelled,
    UnitPhase::hopeless};

Value number(std::uint64_t value) {
    return Value(static_cast<std::int64_t>(value));
}

Object write_unit(const UnitName& unit) {
    return Object{
        {"unit",   unit.place                  },
        {"id",     unit.id                     },
        {"values", unit.values                 },
        {"stage",  number(unit.key.stage.value)},
        {"index",  number(unit.key.index)      }
    };
}

Value write_stage(const StageStatus& stage) {
    Object object{
        {"name",  stage.name           },
        {"total", number(stage.total())}
    };
    for (const UnitPhase phase : phases) {
        object.emplace_back(phase_name(phase), number(stage.in(phase)));
    }
    Object causes;
    for (const CauseCount& count : stage.failed_by) {
        causes.emplace_back(cause_name(count.cause), number(count.units));
    }
    object.emplace_back("failed_by", std::move(causes));
    Array needs(stage.waits_for.begin(), stage.waits_for.end());
    object.emplace_back("waits_for", std::move(needs));
    object.emplace_back("selection", stage.selection);
    return object;
}

Value write_running(const RunningUnit& running) {
    Object object = write_unit(running.unit);
    object.emplace_back("attempt", number(running.attempt.value));
    object.emplace_back("node", running.node);
    if (!running.other_nodes.empty()) {
        object.emplace_back(
            "other_nodes", Array(running.other_nodes.begin(), running.other_nodes.end())
        );
    }
    object.emplace_back("since_unix_ms", std::int64_t{running.since_unix.count()});
    return object;
}

Value write_failed(const FailedUnit& failed) {
    Object object = write_unit(failed.unit);
    object.emplace_back("attempt", number(failed.attempt.value));
    object.emplace_back("cause", cause_name(failed.cause));
    object.emplace_back("segment", number(failed.fact.segment));
    object.emplace_back("offset", number(failed.fact.offset));
    object.emplace_back("fact", number(failed.fact.fact));
    return object;
}

Value write_agent(const AgentStatus& agent) {
    return Object{
        {"node",       agent.node                         },
        {"allocation", number(agent.allocation.value)     },
        {"cpus",       number(agent.capacity.cpus)        },
        {"gpus",       number(agent.capacity.gpus)        },
        {"memory",     number(agent.capacity.memory.value)},
        {"units",      number(agent.units)                }
    };
}

template <class Item, class Write>
Array write_all(const std::vector<Item>& items, Write write) {
    Array array;
    array.reserve(items.size());
    for (const Item& item : items) {
        array.push_back(write(item));
    }
    return array;
}

Value write_select(const SelectStatus& select) {
    return Object{
        {"name",    select.name            },
        {"refused", select.refused         },
        {"chosen",  write_all(select.chosen, write_unit)},
        {"explanation",         select.explanation                   }
    };
}

Value write_holder(const Holder& holder) {
    return Object{
        {"host",        holder.host               },
        {"pid",         number(holder.pid)        },
        {"pid_started", number(holder.pid_started)},
        {"job",         holder.job                },
        {"machine",     holder.machine            }
    };
}

// Reads members of one object; what is missing or of another type becomes an empty value and is
// remembered, so that one question at the end tells whether the document was whole.
class Reader {
 public:
    explicit Reader(bool& whole) : whole_(whole) {}

    std::uint64_t number(const Value& object, std::string_view key) {
        const auto* value = get<std::int64_t>(object, key);
        return value == nullptr ? 0 : static_cast<std::uint64_t>(*value);
    }

    std::uint32_t small(const Value& object, std::string_view key) {
        return static_cast<std::uint32_t>(number(object, key));
    }

    std::string text(const Value& object, std::string_view key) {
        const auto* value = get<std::string>(object, key);
        return value == nullptr ? std::string() : *value;
    }

    bool flag(const Value& object, std::string_view key) {
        const auto* value = get<bool>(object, key);
        return value != nullptr && *value;
    }

    template <class Item, class Read>
    std::vector<Item> all(const Value& object, std::string_view key, Read read) {
        std::vector<Item> items;
        const auto* array = get<Array>(object, key);
        if (array == nullptr) return items;
        for (const Value& item : *array) {
            items.push_back(read(*this, item));
        }
        return items;
    }

    template <class T>
    const T* get(const Value& object, std::string_view key) {
        const Value* member = object.find(key);
        const T* value = member == nullptr ? nullptr : member->get_if<T>();
        if (value == nullptr) whole_ = false;
        return value;
    }

    // The member, or a null value.
    const Value& part(const Value& object, std::string_view key) {
        static const Value nothing;
        const Value* member = object.find(key);
        if (member == nullptr) whole_ = false;
        return member == nullptr ? nothing : *member;
    }

 private:
    bool& whole_;
};

UnitName read_unit(Reader& reader, const Value& value) {
    UnitName unit;
    unit.key.stage = StageIndex{reader.small(value, "stage")};
    unit.key.index = reader.small(value, "index");
    unit.id = reader.text(value, "id");
    unit.place = reader.text(value, "unit");
    unit.values = reader.text(value, "values");
    return unit;
}

StageStatus read_stage(Reader& reader, const Value& value) {
    StageStatus stage;
    stage.name = reader.text(value, "name");
    for (const UnitPhase phase : phases) {
        stage.counts[static_cast<std::size_t>(phase)] = reader.small(value, phase_name(phase));
    }
    if (const auto* causes = reader.get<Object>(value, "failed_by")) {
        for (const auto& [name, count] : *causes) {
            const auto* units = count.get_if<std::int64_t>();
            const auto cause = parse_cause(name);
            if (units == nullptr || !cause) continue;
            stage.failed_by.push_back({*cause, static_cast<std::uint32_t>(*units)});
        }
    }
    stage.waits_for = reader.all<std::string>(value, "waits_for", [](Reader&, const Value& name) {
        return format_plain(name);
    });
    stage.selection = reader.text(value, "selection");
    return stage;
}

RunningUnit read_running(Reader& reader, const Value& value) {
    std::vector<std::string> others;
    if (value.find("other_nodes") != nullptr) {
        others = reader.all<std::string>(value, "other_nodes", [](Reader&, const Value& node) {
            return format_plain(node);
        });
    }
    return RunningUnit{
        .unit = read_unit(reader, value),
        .attempt = AttemptNumber{reader.small(value, "attempt")},
        .node = reader.text(value, "node"),
        .other_nodes = std::move(others),
        .since_unix = Millis{static_cast<std::int64_t>(reader.number(value, "since_unix_ms"))}};
}

FailedUnit read_failed(Reader& reader, const Value& value) {
    FailedUnit failed;
    failed.unit = read_unit(reader, value);
    failed.cause = parse_cause(reader.text(value, "cause")).value_or(Cause::none);
    failed.attempt = AttemptNumber{reader.small(value, "attempt")};
    failed.fact.segment = reader.small(value, "segment");
    failed.fact.fact = reader.small(value, "fact");
    failed.fact.offset = reader.number(value, "offset");
    return failed;
}

AgentStatus read_agent(Reader& reader, const Value& value) {
    AgentStatus agent;
    agent.node = reader.text(value, "node");
    agent.allocation = AllocationId{reader.small(value, "allocation")};
    agent.capacity.cpus = reader.small(value, "cpus");
    agent.capacity.gpus = reader.small(value, "gpus");
    agent.capacity.memory = Bytes{reader.number(value, "memory")};
    agent.units = reader.small(value, "units");
    return agent;
}

Value write_allocation(const AllocationStatus& allocation) {
    return Object{
        {"allocation",  number(allocation.allocation.value)      },
        {"job",         allocation.job                           },
        {"started",     allocation.started                       },
        {"end_unix_ms", std::int64_t{allocation.end_unix.count()}}
    };
}

AllocationStatus read_allocation(Reader& reader, const Value& value) {
    return AllocationStatus{
        .allocation = AllocationId{reader.small(value, "allocation")},
        .job = reader.text(value, "job"),
        .started = reader.flag(value, "started"),
        .end_unix = Millis{static_cast<std::int64_t>(reader.number(value, "end_unix_ms"))}};
}

Value write_blamed(const BlamedNode& blamed) {
    return Object{
        {"node",   blamed.node  },
        {"reason", blamed.reason}
    };
}

BlamedNode read_blamed(Reader& reader, const Value& value) {
    return BlamedNode{.node = reader.text(value, "node"), .reason = reader.text(value, "reason")};
}

SelectStatus read_select(Reader& reader, const Value& value) {
    return SelectStatus{
        .name = reader.text(value, "name"),
        .refused = reader.flag(value, "refused"),
        .chosen = reader.all<UnitName>(value, "chosen", read_unit),
        .explanation = reader.text(value, "explanation")};
}

std::optional<SweepPhase> parse_phase(std::string_view name) {
    for (const SweepPhase phase :
         {SweepPhase::running,
          SweepPhase::paused,
          SweepPhase::stopped,
          SweepPhase::abandoned,
          SweepPhase::queued,
          SweepPhase::stranded,
          SweepPhase::complete}) {
        if (sweep_phase_name(phase) == name) return phase;
    }
    return std::nullopt;
}

}  // namespace

Object status_object(const SweepStatus& status) {
    Object object;
    object.emplace_back("version", status_version);
    object.emplace_back("sweep", status.sweep);
    object.emplace_back("phase", sweep_phase_name(status.phase));
    object.emplace_back("pause_reason", status.pause_reason);
    object.emplace_back("gate", status.gate);
    object.emplace_back("at_unix_ms", std::int64_t{status.at_unix.count()});
    object.emplace_back("epoch", number(status.epoch.value));
    object.emplace_back("journal_bytes", number(status.bytes));
    object.emplace_back("holder", write_holder(status.holder));
    object.emplace_back("stages", write_all(status.stages, write_stage));
    object.emplace_back("running", write_all(status.running, write_running));
    object.emplace_back("failed", write_all(status.failed, write_failed));
    object.emplace_back("agents", write_all(status.agents, write_agent));
    object.emplace_back("allocations", write_all(status.allocations, write_allocation));
    object.emplace_back("blamed", write_all(status.blamed, write_blamed));
    object.emplace_back("on_slurm", status.on_slurm);
    object.emplace_back("refusal", status.refusal);
    object.emplace_back("selects", write_all(status.selects, write_select));
    return object;
}

std::string format_status_json(const SweepStatus& status) {
    return format_json_pretty(status_object(status)) + "\n";
}

Result<SweepStatus> parse_status(std::string_view json) {
    const Result<Value> value = parse_json(json);
    if (!value) return fail_with_context(value.error(), "reading a status");
    bool whole = true;
    Reader reader(whole);
    SweepStatus status;
    const auto version = reader.number(*value, "version");
    const auto phase = parse_phase(reader.text(*value, "phase"));
    status.sweep = reader.text(*value, "sweep");
    status.pause_reason = reader.text(*value, "pause_reason");
    status.gate = reader.text(*value, "gate");
    status.at_unix = Millis{static_cast<std::int64_t>(reader.number(*value, "at_unix_ms"))};
    status.epoch = EpochNumber{reader.small(*value, "epoch")};
    status.bytes = reader.number(*value, "journal_bytes");
    const Value& holder = reader.part(*value, "holder");
    status.holder = Holder{
        .host = reader.text(holder, "host"),
        .pid = reader.number(holder, "pid"),
        .pid_started = reader.number(holder, "pid_started"),
        .job = reader.text(holder, "job"),
        .machine = reader.text(holder, "machine")};
    status.stages = reader.all<StageStatus>(*value, "stages", read_stage);
    status.running = reader.all<RunningUnit>(*value, "running", read_running);
    status.failed = reader.all<FailedUnit>(*value, "failed", read_failed);
    status.agents = reader.all<AgentStatus>(*value, "agents", read_agent);
    status.allocations = reader.all<AllocationStatus>(*value, "allocations", read_allocation);
    status.blamed = reader.all<BlamedNode>(*value, "blamed", read_blamed);
    status.on_slurm = reader.flag(*value, "on_slurm");
    status.refusal = reader.text(*value, "refusal");
    status.selects = reader.all<SelectStatus>(*value, "selects", read_select);
    if (!whole || !phase || version != status_version) {
        return fail(ErrorCode::invalid_input, "the status is not of this version of xorch");
    }
    status.phase = *phase;
    return status;
}

}  // namespace xorch
