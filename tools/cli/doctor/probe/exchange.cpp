#include "tools/cli/doctor/probe/exchange.h"

#include <limits>

#include "core/json.h"

namespace xorch::exchange {

namespace {

// Longer than whatever a probe says.
constexpr std::size_t text_bytes_max = 4096;
constexpr std::size_t list_max = 64;

// Reads members of one object; what is missing or of another type makes all of it invalid.
class Members {
 public:
    explicit Members(const Value* value)
        : object_(value == nullptr ? nullptr : value->get_if<Object>()) {}

    explicit Members(const Result<Value>& value) : Members(value ? &*value : nullptr) {}

    void read(std::string_view key, std::string& text) {
        const auto* found = get<std::string>(key);
        if (found == nullptr || found->size() > text_bytes_max) return fail_all();
        text = *found;
    }

    void read(std::string_view key, bool& flag) {
        const auto* found = get<bool>(key);
        if (found == nullptr) return fail_all();
        flag = *found;
    }

    template <class Number>
    void read_number(std::string_view key, Number& number) {
        const auto* found = get<std::int64_t>(key);
        const bool fits = found != nullptr && *found >= 0 &&
                          static_cast<std::uint64_t>(*found) <=
                              static_cast<std::uint64_t>(std::numeric_limits<Number>::max());
        if (!fits) return fail_all();
        number = static_cast<Number>(*found);
    }

    void read(std::string_view key, Bytes& bytes) { read_number(key, bytes.value); }

    void read(std::string_view key, Millis& time) {
        std::int64_t number = 0;
        read_number(key, number);
        time = Millis{number};
    }

    void read(std::string_view key, std::vector<std::string>& list) {
        const auto* found = get<Array>(key);
        if (found == nullptr || found->size() > list_max) return fail_all();
        for (const Value& each : *found) {
            const auto* text = each.get_if<std::string>();
            if (text == nullptr || text->size() > text_bytes_max) return fail_all();
            list.push_back(*text);
        }
    }

    void read(std::string_view key, Trial& trial) {
        Members inner(find(key));
        inner.read("tried", trial.tried);
        inner.read("problem", trial.problem);
        good_ = good_ && inner.good_;
    }

    const Value* find(std::string_view key) const {
        return object_ == nullptr ? nullptr : find_member(*object_, key);
    }

    void require(bool good) { good_ = good_ && good; }

    Result<void> result(std::string_view what) const {
        if (object_ != nullptr && good_) return {};
        return fail(ErrorCode::invalid_input, std::string(what) + " is not what xorch writes");
    }

    bool good() const { return object_ != nullptr && good_; }

 private:
    template <class T>
    const T* get(std::string_view key) const {
        const Value* value = find(key);
        return value == nullptr ? nullptr : value->get_if<T>();
    }

    void fail_all() { good_ = false; }

    const Object* object_;
    bool good_ = true;
};

Value list_of(const std::vector<std::string>& texts) {
    Array list;
    for (const std::string& text : texts)
        list.emplace_back(text);
    return list;
}

// No number of ours comes near 2^63.
Value number_of(std::uint64_t number) {
    return Value(static_cast<std::int64_t>(number));
}

Value as_value(const Trial& trial) {
    return Object{
        {"tried",   trial.tried  },
        {"problem", trial.problem}
    };
}

Value as_value(const Meeting& meeting) {
    return Object{
        {"address", meeting.address        },
        {"port",    number_of(meeting.port)},
        {"word",    meeting.word           },
        {"problem", meeting.problem        }
    };
}

Value as_value(const MachineFacts& machine) {
    return Object{
        {"host",             machine.host                             },
        {"kernel",           machine.kernel                           },
        {"missing_calls",    list_of(machine.missing_calls)           },
        {"cpus",             number_of(machine.cpus)                  },
        {"cpus_online",      number_of(machine.cpus_online)           },
        {"memory",           number_of(machine.memory.value)          },
        {"memory_installed", number_of(machine.memory_installed.value)},
        {"bash",             machine.bash                             },
        {"python3",          machine.python3                          },
        {"gpus",             number_of(machine.gpus)                  },
        {"visible_gpus",     machine.visible_gpus                     },
        {"gpu_models",       list_of(machine.gpu_models)              }
    };
}

Value as_value(const FolderFacts& folder) {
    return Object{
        {"path",         folder.path                 },
        {"type",         folder.type                 },
        {"problems",     list_of(folder.problems)    },
        {"sync_ms",      Value(folder.sync.count())  },
        {"free",         number_of(folder.free.value)},
        {"files_free",   number_of(folder.files_free)},
        {"counts_files", folder.counts_files         }
    };
}

Meeting read_meeting(Members& members) {
    Meeting meeting;
    members.read("address", meeting.address);
    members.read_number("port", meeting.port);
    members.read("word", meeting.word);
    members.read("problem", meeting.problem);
    return meeting;
}

MachineFacts read_machine(Members& members) {
    MachineFacts machine;
    members.read("host", machine.host);
    members.read("kernel", machine.kernel);
    members.read("missing_calls", machine.missing_calls);
    members.read_number("cpus", machine.cpus);
    members.read_number("cpus_online", machine.cpus_online);
    members.read("memory", machine.memory);
    members.read("memory_installed", machine.memory_installed);
    members.read("bash", machine.bash);
    members.read("python3", machine.python3);
    members.read_number("gpus", machine.gpus);
    members.read("visible_gpus", machine.visible_gpus);
    members.read("gpu_models", machine.gpu_models);
    return machine;
}

FolderFacts read_folder(Members& members) {
    FolderFacts folder;
    members.read("path", folder.path);
    members.read("type", folder.type);
    members.read("problems", folder.problems);
    members.read("sync_ms", folder.sync);
    members.read("free", folder.free);
    members.read_number("files_free", folder.files_free);
    members.read("counts_files", folder.counts_files);
    return folder;
}

}  // namespace

std::string format_request(const Request& request) {
    return format_json(Object{
        {"test",      list_of(request.test)   },
        {"job_name",  request.job_name        },
        {"interface", request.interface       },
        {"doctor",    as_value(request.doctor)}
    });
}

Result<Request> parse_request(std::string_view text) {
    const auto value = parse_json(text);
    Members members(value);
    Request request;
    members.read("test", request.test);
    members.read("job_name", request.job_name);
    members.read("interface", request.interface);
    Members doctor(members.find("doctor"));
    request.doctor = read_meeting(doctor);
    members.require(doctor.good() && !request.test.empty());
    if (auto read = members.result(exchange::request_file); !read)
        return tl::unexpected(read.error());
    return request;
}

std::string format_meeting(const Meeting& meeting) {
    return format_json(as_value(meeting));
}

Result<Meeting> parse_meeting(std::string_view text) {
    const auto value = parse_json(text);
    Members members(value);
    Meeting meeting = read_meeting(members);
    if (auto read = members.result(hello_file); !read) return tl::unexpected(read.error());
    return meeting;
}

std::string format_answer(Millis unix) {
    return format_json(Object{
        {"unix_ms", Value(std::int64_t{unix.count()})}
    });
}

Result<Millis> parse_answer(std::string_view text) {
    const auto value = parse_json(text);
    Members members(value);
    Millis unix{0};
    members.read("unix_ms", unix);
    if (auto read = members.result(answer_file); !read) return tl::unexpected(read.error());
    return unix;
}

std::string format_machine(const MachineFacts& machine) {
    return format_json(as_value(machine));
}

Result<MachineFacts> parse_machine(std::string_view text) {
    const auto value = parse_json(text);
    Members members(value);
    MachineFacts machine = read_machine(members);
    if (auto read = members.result("what the step printed"); !read) {
        return tl::unexpected(read.error());
    }
    return machine;
}

std::string format_findings(const NodeFacts& node) {
    return format_json(Object{
        {"machine",            as_value(node.machine)   },
        {"step",               as_value(node.step)      },
        {"sbatch",             as_value(node.sbatch)    },
        {"squeue",             as_value(node.squeue)    },
        {"end_in_queue",       node.end_in_queue        },
        {"end_in_environment", node.end_in_environment  },
        {"route_back",         as_value(node.route_back)},
        {"home",               as_value(node.home)      }
    });
}

Result<NodeFacts> parse_findings(std::string_view text) {
    const auto value = parse_json(text);
    Members members(value);
    NodeFacts node;
    members.read("step", node.step);
    members.read("sbatch", node.sbatch);
    members.read("squeue", node.squeue);
    members.read("end_in_queue", node.end_in_queue);
    members.read("end_in_environment", node.end_in_environment);
    members.read("route_back", node.route_back);
    Members machine(members.find("machine"));
    node.machine = read_machine(machine);
    Members home(members.find("home"));
    node.home = read_folder(home);
    members.require(machine.good() && home.good());
    if (auto read = members.result(findings_file); !read) return tl::unexpected(read.error());
    return node;
}

}  // namespace xorch::exchange
