#pragma once

// The frame that every verb plugs into. A verb is one function `add_<verb>(CLI::App&, Context&)`
// that declares its options and what to run; main() lists them all. Declaring costs microseconds
// and loads nothing: whatever a verb needs is opened when it runs. One thread.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/report/exit_code.h"
#include "core/error.h"
#include "core/layout.h"
#include "tools/cli/verb.h"

namespace xorch {

// What a verb does once its options are read.
using VerbBody = std::function<Result<ExitCode>()>;

// Where standard output goes.
struct Terminal {
    bool is_terminal = false;
    bool colour = false;  // a terminal, and NO_COLOR is not set
    std::size_t width = 80;
};

// The groups of `xorch --help`, in this order. Hidden verbs are for xorch itself.
enum class VerbGroup { run, read, decide, site, hidden };

struct VerbText {
    const char* name;
    VerbGroup group;
    const char* purpose;  // one line, without a full stop
    const char* example;  // shown at the end of the verb's --help: one or more command lines
};

// What verbs share. Owns the options of every declared verb, because they are filled in by parsing
// and read when the body runs.
class Context {
 public:
    Terminal terminal;
    std::string home;     // where sweeps are: $XORCH_HOME, or ./xorch-runs; absolute
    std::string program;  // this executable, absolute
    VerbBody body;        // of the verb that the command line names

    // A value that lives as long as the context.
    template <class Options>
    Options& keep() {
        auto options = std::make_unique<Kept<Options>>();
        Options& value = options->value;
        kept_.push_back(std::move(options));
        return value;
    }

 private:
    struct Anything {
        virtual ~Anything() = default;
    };

    template <class Options>
    struct Kept : Anything {
        Options value;
    };

    std::vector<std::unique_ptr<Anything>> kept_;
};

// Reads the environment: $XORCH_HOME, NO_COLOR, the terminal.
Context make_context();

// The verb's subcommand, with its group and its example; `body` runs after the whole command line
// was read, and an Error from it is printed for people.
Verb add_verb(CLI::App& app, Context& context, const VerbText& text, VerbBody body);

// The positional argument that names a sweep, by directory or by name; empty = the newest.
void add_sweep_argument(Verb& verb, std::string& sweep);

// `--json`, for verbs that read.
void add_json_flag(Verb& verb, bool& json);

// Reads the command line, runs the verb, prints its error; the exit code of the process.
int run_command_line(CLI::App& app, Context& context, int argc, const char* const* argv);

// The program's whole command line.
void add_all_verbs(CLI::App& app, Context& context);

// An error for people, on standard error: "xorch: <what happened>", and the next command.
void print_error(const Error& error);

// The text of print_error().
std::string format_error(const Error& error);

// ---- running verbs (tools/cli/run) ----
void add_agent(CLI::App& app, Context& context);
void add_cancel(CLI::App& app, Context& context);
void add_continue(CLI::App& app, Context& context);
void add_coordinator(CLI::App& app, Context& context);
void add_relay(CLI::App& app, Context& context);
void add_init(CLI::App& app, Context& context);
void add_keeper(CLI::App& app, Context& context);
void add_pause(CLI::App& app, Context& context);
void add_plan(CLI::App& app, Context& context);
void add_rank(CLI::App& app, Context& context);
void add_rehearse(CLI::App& app, Context& context);
void add_resume(CLI::App& app, Context& context);
void add_retry(CLI::App& app, Context& context);
void add_stop(CLI::App& app, Context& context);
void add_submit(CLI::App& app, Context& context);

// ---- verbs that decide (tools/cli/decide) ----
void add_adopt(CLI::App& app, Context& context);
void add_audit(CLI::App& app, Context& context);
void add_backfill(CLI::App& app, Context& context);

// ---- verbs that read and look after (tools/cli/read, tools/cli/site) ----
void add_approve(CLI::App& app, Context& context);
void add_best(CLI::App& app, Context& context);
void add_compare(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);
void add_data(CLI::App& app, Context& context);
void add_doctor(CLI::App& app, Context& context);
void add_fsck(CLI::App& app, Context& context);
void add_gc(CLI::App& app, Context& context);
void add_jobs(CLI::App& app, Context& context);
void add_list(CLI::App& app, Context& context);
void add_logs(CLI::App& app, Context& context);
void add_probe(CLI::App& app, Context& context);
void add_records(CLI::App& app, Context& context);
void add_status(CLI::App& app, Context& context);
void add_summary(CLI::App& app, Context& context);
void add_version(CLI::App& app, Context& context);
void add_watch(CLI::App& app, Context& context);
void add_why(CLI::App& app, Context& context);

}  // namespace xorch
