#include "worker/attempt/steps/preparation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "core/command_line.h"
#include "core/io/spawn.h"
#include "core/json.h"
#include "core/record.h"
#include "core/unit_input.h"
#include "worker/attempt/records/records_merge.h"
#include "worker/attempt/records/records_read.h"
#include "worker/attempt/steps/environment.h"
#include "worker/attempt/steps/gang_preparation.h"
#include "worker/attempt/storage/file_tree.h"

namespace xorch {

namespace {

bool uses_out(const Stage& stage) {
    const RecordsFrom& from = stage.records.from;
    return mentions(stage, "out") || !stage.checkpoints.from.empty() || !from.json.empty() ||
           !from.jsonl.empty() || !from.csv.empty();
}

bool uses_checkpoints(const Stage& stage) {
    return is_native(stage) || mentions(stage, "checkpoint") || mentions(stage, "resume") ||
           !stage.argv_resume.empty() || !stage.checkpoints.from.empty();
}

Result<void> write_new_file(Disk& disk, const std::string& path, std::string_view bytes) {
    auto file = disk.create(path);
    if (!file) return tl::unexpected(file.error());
    return (*file)->append(bytes);
}

Result<void> make_places(
    Disk& disk, const PreparationRequest& request, const AttemptPlaces& places
) {
    const Assignment& assignment = request.order.assignment;
    std::vector<std::string> folders{places.scratch, places.out};
    // A native unit makes it with its first checkpoint.
    if (!is_native(*request.stage)) folders.push_back(places.publish);
    for (const std::string& folder : folders) {
        if (auto made = make_folders(folder); !made) return made;
    }
    if (auto written = write_new_file(disk, places.params, assignment.params); !written) {
        return written;
    }
    if (assignment.inputs.empty()) return {};
    return write_new_file(disk, places.inputs, assignment.inputs);
}

bool is_below(const std::string& path, const std::string& folder) {
    return path.starts_with(folder + "/");
}

// Whether nothing but the files that xorch names is in scratch.
bool has_only_known_files(const AttemptPlaces& places) {
    std::error_code error;
    for (std::filesystem::directory_iterator entry(places.scratch, error), end;
         !error && entry != end;
         entry.increment(error)) {
        const std::string path = entry->path().string();
        const bool is_file = path == places.params || path == places.inputs ||
                             path == places.records || path == places.stop;
        const bool is_folder = (path == places.out || path == places.publish) && !has_entries(path);
        if (!is_file && !is_folder) return false;
    }
    return !error;
}

Result<CommandContext> context_of(const PreparationRequest& request, const Preparation& prepared) {
    const Assignment& assignment = request.order.assignment;
    auto params = parse_json(assignment.params.empty() ? "{}" : assignment.params);
    if (!params) return fail_with_context(params.error(), "the unit's parameters");
    auto* members = std::get_if<Object>(&params->data);
    if (members == nullptr) {
        return fail(ErrorCode::invalid_input, "the unit's parameters are no object");
    }
    auto inputs = parse_unit_inputs(assignment.inputs);
    if (!inputs) return tl::unexpected(inputs.error());
    std::vector<InputFolder> folders;
    for (const UnitInput& input : *inputs) {
        // What a hopeless one left may be half made.
        if (input.hopeless) continue;
        folders.push_back({.stage = input.stage, .directory = input.directory});
    }
    const auto& found = prepared.checkpoints.found;
    return CommandContext{
        .params = std::move(*members),
        .code =
            request.stage->code.empty() ? "" : request.layout.code() + "/" + request.stage->name,
        .out = prepared.places.out,
        .checkpoint = prepared.places.publish,
        .resume = found ? found->resume : "",
        .seed = assignment.seed,
        .inputs = std::move(folders)};
}

void tell(const PreparationRequest& request, Preparation& prepared) {
    const Assignment& assignment = request.order.assignment;
    const AttemptPlaces& places = prepared.places;
    const auto& found = prepared.checkpoints.found;
    const auto add = [&](std::string_view name, const std::string& value) {
        prepared.environment.push_back(fmt::format("{}={}", name, value));
    };
    prepared.environment = request.environment;
    add("XORCH_UNIT_ID", format_unit_id(assignment.id));
    add("XORCH_ATTEMPT", std::to_string(assignment.attempt.value));
    add("XORCH_SWEEP", request.layout.root);
    add("XORCH_INCARNATION", format_incarnation(request.incarnation));
    add("XORCH_PARAMS", places.params);
    add("XORCH_INPUTS", assignment.inputs.empty() ? "" : places.inputs);
    add("XORCH_OUT", places.out);
    add("XORCH_CHECKPOINT_DIR", places.publish);
    add("XORCH_RESUME", found ? found->resume : "");
    add("XORCH_SEED", std::to_string(assignment.seed));
    add("XORCH_STOP_FILE", places.stop);
    add("XORCH_RECORDS", places.records);
    const double every = static_cast<double>(request.stage->limits.checkpoint_every.count()) / 1000;
    add("XORCH_CHECKPOINT_EVERY_S", fmt::format("{}", every));
    // Always there, so that a script may name them without asking; empty = nothing limits it.
    const std::int64_t deadline_s = request.order.deadline_unix.count() / 1000;
    add("XORCH_DEADLINE", deadline_s > 0 ? std::to_string(deadline_s) : "");
    const double left = static_cast<double>(request.order.time_left.count()) / 1000;
    add("XORCH_TIME_LEFT_S", left > 0 ? fmt::format("{}", left) : "");
}

// OpenBLAS makes its threads when it is loaded; LibTorch would have as many as there are CPUs.
void set_threads(std::vector<std::string>& environment, const Stage& stage) {
    for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"})
        set_variable(environment, name, std::to_string(stage.threads));
}

// A runner's, not the unit's: what a runner serves is told to it unit by unit.
std::vector<std::string> runner_environment(const PreparationRequest& request) {
    std::vector<std::string> environment = request.environment;
    set_threads(environment, *request.stage);
    // A keeper knows by these what an agent that died has left behind.
    set_variable(environment, "XORCH_SWEEP", request.layout.root);
    set_variable(environment, "XORCH_INCARNATION", format_incarnation(request.incarnation));
    return environment;
}

// Rows go where the unit goes on writing them; a file that the script keeps itself goes back to
// where it was.
Result<void> restore(Disk& disk, const PreparationRequest& request, Preparation& prepared) {
    const auto& found = prepared.checkpoints.found;
    if (!found) return {};
    auto rows = disk.read(found->place.path + "/" + checkpoint_rows_name);
    if (rows) prepared.earlier_rows = std::move(*rows);
    const bool speaks_itself = !has_source(request.stage->records.from);
    if (speaks_itself && !prepared.earlier_rows.empty()) {
        const auto earlier = parse_earlier_rows(prepared.earlier_rows);
        if (!earlier) return tl::unexpected(earlier.error());
        const std::string certain = format_rows(earlier->certain);
        auto written = write_new_file(disk, prepared.places.records, certain);
        if (!written) return written;
    }
    if (found->restore.empty()) return {};
    const auto files = files_below(found->resume);
    if (!files) return tl::unexpected(files.error());
    const std::string target = prepared.places.out + "/" + found->restore;
    if (auto copied = copy_files(found->resume, *files, target); !copied) return copied;
    // Older than the attempt beyond doubt: what was put back is no new checkpoint.
    const auto before = std::filesystem::file_time_type::clock::now() - std::chrono::minutes(1);
    for (const TreeFile& file : *files) {
        std::error_code ignored;
        const std::string path = file.name.empty() ? target : target + "/" + file.name;
        std::filesystem::last_write_time(path, before, ignored);
    }
    return {};
}

// What the unit executes, and in which environment.
Result<void> find_command(const PreparationRequest& request, Preparation& prepared) {
    tell(request, prepared);
    if (is_native(*request.stage)) {
        // A runner of its own; its rank 0 is told the rest.
        set_threads(prepared.environment, *request.stage);
        prepared.program = request.gang->native_program;
        prepared.argv = {prepared.program, "gang", request.gang->socket};
        return {};
    }
    const auto context = context_of(request, prepared);
    if (!context) return tl::unexpected(context.error());
    auto argv = command_line(*request.stage, *context);
    if (!argv) return tl::unexpected(argv.error());
    prepared.argv = std::move(*argv);
    auto program = find_program(prepared.argv.front(), prepared.environment, request.directory);
    if (!program) return tl::unexpected(program.error());
    prepared.program = std::move(*program);
    prepared.env_key = command_env_key(prepared.program);
    return {};
}

}  // namespace

bool is_native(const Stage& stage) {
    return stage.job != "command";
}

AttemptPlaces places_of(const PreparationRequest& request) {
    const Assignment& assignment = request.order.assignment;
    AttemptPlaces places;
    places.scratch = request.scratch;
    places.params = places.scratch + "/params.json";
    places.inputs = places.scratch + "/inputs.json";
    places.records = places.scratch + "/records.jsonl";
    places.stop = places.scratch + "/stop";
    places.lasting_out = request.layout.output(assignment.id, assignment.attempt);
    places.attempt_directory = request.layout.attempt(assignment.id, assignment.attempt);
    places.out = uses_out(*request.stage) ? places.lasting_out : places.scratch + "/out";
    places.publish = uses_checkpoints(*request.stage)
                         ? places.attempt_directory + "/" + publish_name
                         : places.scratch + "/publish";
    return places;
}

Result<void> clear_places(const AttemptPlaces& places) {
    if (!is_below(places.publish, places.scratch)) {
        if (auto removed = remove_folder(places.publish); !removed) return removed;
    }
    if (has_only_known_files(places)) {
        for (const std::string& file : {places.params, places.inputs, places.records, places.stop})
            ::unlink(file.c_str());
        return {};
    }
    auto removed = remove_folder(places.scratch);
    // A gang's scratch is in the sweep's directory; what is left above it is empty, or stays.
    if (is_below(places.scratch, places.attempt_directory)) {
        ::rmdir(places.attempt_directory.c_str());
    }
    return removed;
}

Result<Preparation> prepare_attempt(Disk& disk, const PreparationRequest& request) {
    Preparation prepared;
    prepared.places = places_of(request);
    const Assignment& assignment = request.order.assignment;
    // Also for the first attempt: what an earlier sweep left counts as that of attempt 0.
    auto search = find_checkpoint(disk, request.layout, assignment.id, assignment.attempt);
    if (!search) return tl::unexpected(search.error());
    prepared.checkpoints = std::move(*search);
    if (auto made = make_places(disk, request, prepared.places); !made) {
        return fail_with_context(made.error(), "preparing the attempt's folders");
    }
    if (auto restored = restore(disk, request, prepared); !restored) {
        return fail_with_context(restored.error(), "restoring from the checkpoint");
    }
    if (is_native(*request.stage) && !request.gang) {
        prepared.environment = runner_environment(request);
        return prepared;
    }
    if (auto found = find_command(request, prepared); !found) return tl::unexpected(found.error());
    if (request.gang) {
        if (auto made = put_behind_launcher(disk, request, prepared); !made) {
            return tl::unexpected(made.error());
        }
    }
    return prepared;
}

}  // namespace xorch
