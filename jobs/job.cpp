#include "jobs/job.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <utility>

#include "core/io/posix_disk.h"
#include "core/json.h"
#include "core/record.h"
#include "jobs/collective/first_rank.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

// Often enough to see that it lives, seldom enough not to fill the log of a week's unit.
constexpr Millis progress_every{10'000};

constexpr const char* about_name = "xorch.json";  // the agent reads it when it seals

Result<void> make_folder(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) return fail_from_errno("making " + path, error.value());
    return {};
}

bool stays_inside(const fs::path& name) {
    if (name.empty() || name.is_absolute()) return false;
    for (const fs::path& part : name) {
        if (part == "..") return false;
    }
    return true;
}

Result<void> write_about(
    Disk& disk, const std::string& folder, std::int64_t step, const UnitSetup& setup
) {
    const auto size = disk.size(setup.records);
    if (!size && size.error().code != ErrorCode::not_found) return tl::unexpected(size.error());
    const Object about{
        {"step",          step                                        },
        {"records_bytes", static_cast<std::int64_t>(size.value_or(0U))},
        {"env_key",       setup.env_key                               }
    };
    auto file = disk.create(folder + "/" + about_name);
    if (!file) return tl::unexpected(file.error());
    if (auto written = (*file)->append(format_json(Value(about)) + "\n"); !written) return written;
    return (*file)->sync();
}

// What rank 0 has, at every rank, in the form in which it is on disk.
Result<JobState> share_state(Communicator& ranks, Result<JobState> own) {
    Result<std::string> values = std::string();
    std::string bytes;
    if (own) {
        values = format_json(Value(own->values));
        bytes = format_tensors(own->tensors);
    } else {
        values = tl::unexpected(own.error());
    }
    const auto text = from_first_rank(ranks, std::move(values));
    if (!text) return tl::unexpected(text.error());
    const auto tensors_text = from_first_rank(ranks, std::move(bytes));
    if (!tensors_text) return tl::unexpected(tensors_text.error());
    if (ranks.rank() == 0) return own;
    auto parsed = parse_json(*text);
    auto tensors = parse_tensors(*tensors_text);
    if (!parsed) return tl::unexpected(parsed.error());
    if (!tensors) return tl::unexpected(tensors.error());
    return JobState{
        .values = std::move(std::get<Object>(parsed->data)), .tensors = std::move(*tensors)};
}

}  // namespace

Result<NativeUnit> NativeUnit::open(
    const JobDeclaration& job, UnitSetup setup, UnitHost& host, std::unique_ptr<Communicator> ranks
) {
    NativeUnit unit(std::move(setup), host);
    unit.ranks_ = std::move(ranks);
    const auto given = parse_json(unit.setup_.params);
    if (!given) return fail_with_context(given.error(), "the unit's parameters");
    const auto* members = given->get_if<Object>();
    if (members == nullptr)
        return fail(ErrorCode::invalid_input, "the unit's parameters are no object");
    auto params = Parameters::read(job, *members);
    if (!params) return tl::unexpected(params.error());
    unit.params_ = std::move(*params);
    auto inputs = parse_unit_inputs(unit.setup_.inputs);
    if (!inputs) return tl::unexpected(inputs.error());
    unit.inputs_ = std::move(*inputs);
    // Nothing that it reported is a result, and what it left may be half made.
    std::erase_if(unit.inputs_, [](const UnitInput& input) { return input.hopeless; });
    if (auto read = unit.read_checkpoint(); !read) return tl::unexpected(read.error());
    unit.saved_at_ = host.now();
    return unit;
}

// What stands beside the job's own state. The agent copies rows a moment after a checkpoint was
// published; those that came in between would be there twice.
Result<void> NativeUnit::read_checkpoint() {
    if (setup_.resume.empty() || !leads()) return {};
    PosixDisk disk;
    const auto text = disk.read(setup_.resume + "/" + about_name);
    if (!text) return fail_with_context(text.error(), "reading the checkpoint");
    const auto about = parse_json(*text);
    if (!about) return fail(ErrorCode::corrupted, setup_.resume + "/" + about_name + " is damaged");
    if (const Value* key = about->find("env_key"); key != nullptr && key->get_if<std::string>())
        resumed_env_key_ = *key->get_if<std::string>();
    const Value* value = about->find("records_bytes");
    const auto* bytes = value == nullptr ? nullptr : value->get_if<std::int64_t>();
    if (bytes == nullptr || *bytes < 0)
        return fail(ErrorCode::corrupted, setup_.resume + "/" + about_name + " is damaged");
    const auto size = disk.size(setup_.records);
    if (!size && size.error().code != ErrorCode::not_found) return tl::unexpected(size.error());
    const auto present = static_cast<std::int64_t>(size.value_or(0U));
    if (present < *bytes) {
        return fail(
            ErrorCode::corrupted,
            fmt::format("{} bytes of the checkpoint's records are missing", *bytes - present)
        );
    }
    if (present > *bytes && ::truncate(setup_.records.c_str(), *bytes) != 0)
        return fail_from_errno("cutting back " + setup_.records, errno);
    return {};
}

Result<const UnitInput*> NativeUnit::input(std::string_view stage) const {
    const UnitInput* found = nullptr;
    for (const UnitInput& each : inputs_) {
        if (each.stage != stage) continue;
        if (found != nullptr) {
            return fail(
                ErrorCode::conflict, fmt::format("more than one input is of stage \"{}\"", stage)
            );
        }
        found = &each;
    }
    if (found == nullptr) {
        return fail(
            ErrorCode::not_found,
            fmt::format("no input is of stage \"{}\" (needs = [\"{}\"])", stage, stage)
        );
    }
    return found;
}

RandomStream NativeUnit::stream(std::string_view purpose, std::initializer_list<std::int64_t> where)
    const {
    return RandomStream(setup_.seed, purpose, where);
}

Result<void> NativeUnit::report(const Object& row) {
    const std::string line = format_rows({row});
    // The agent reads it by the same rules; here the job can still say what it was doing.
    if (auto checked = parse_rows(line); !checked) return tl::unexpected(checked.error());
    if (!leads()) return {};
    PosixDisk disk;
    const auto there = disk.exists(setup_.records);
    if (!there) return tl::unexpected(there.error());
    auto file = *there ? disk.open_append(setup_.records) : disk.create(setup_.records);
    if (!file) return tl::unexpected(file.error());
    return (*file)->append(line);
}

Result<std::string> NativeUnit::artifact(std::string_view name) {
    const fs::path relative(name);
    XORCH_CHECK(stays_inside(relative), "an artifact's name stays inside the unit's folder");
    const fs::path path = fs::path(setup_.out) / relative;
    if (auto made = make_folder(path.parent_path().string()); !made)
        return tl::unexpected(made.error());
    return path.string();
}

// Only the node of rank 0 need see the checkpoint, and no rank can read another one.
Result<std::optional<JobState>> NativeUnit::resume() {
    if (setup_.resume.empty()) return std::optional<JobState>();
    Result<JobState> state = JobState();
    if (leads()) {
        PosixDisk disk;
        state = load_job_state(disk, setup_.resume);
        if (!state) state = fail_with_context(state.error(), "resuming");
    }
    if (ranks_->size() > 1) state = share_state(ranks_->host(), std::move(state));
    if (!state) return tl::unexpected(state.error());
    return std::optional<JobState>(std::move(*state));
}

Result<std::int64_t> NativeUnit::largest(std::int64_t own) {
    if (ranks_->size() == 1) return own;
    std::array<std::int64_t, 1> answer{own};
    const auto reduced = ranks_->all_reduce_max(answer);
    if (reduced) return answer[0];
    parting_ = reduced.error();
    return tl::unexpected(reduced.error());
}

// One rank's yes counts, so that none saves or stops alone. A rank that cannot be reached ends the
// gang: then stopping is right.
bool NativeUnit::agreed(bool own_answer) {
    return largest(own_answer ? 1 : 0).value_or(1) != 0;
}

// The clock of rank 0 decides, since it alone knows how long ago it saved.
bool NativeUnit::should_checkpoint() {
    const bool by_time = leads() && setup_.checkpoint_every > Millis{0} &&
                         host_->now() - saved_at_ >= setup_.checkpoint_every;
    return agreed(by_time || host_->stop_asked());
}

bool NativeUnit::should_stop() {
    return agreed(host_->stop_asked());
}

// The others wait at the barrier, and learn whether it went well.
Result<void> NativeUnit::checkpoint(std::int64_t step, const JobState& state) {
    if (parting_) return tl::unexpected(*parting_);
    Result<void> written;
    if (leads()) written = write_checkpoint(step, state);
    if (ranks_->size() == 1) return written;
    Communicator& host = ranks_->host();
    if (auto met = host.barrier(); !met) return met;
    Result<std::string> outcome = std::string();
    if (!written) outcome = tl::unexpected(written.error());
    const auto told = from_first_rank(host, std::move(outcome));
    if (!told) return tl::unexpected(told.error());
    return {};
}

Result<void> NativeUnit::write_checkpoint(std::int64_t step, const JobState& state) {
    if (auto made = make_folder(setup_.publish); !made) return made;
    const std::string finished = fmt::format("{}/step-{}", setup_.publish, step);
    const std::string unfinished = finished + ".tmp";
    std::error_code error;
    fs::remove_all(unfinished, error);
    // Written again after a resume, and not taken by the agent yet.
    fs::remove_all(finished, error);
    PosixDisk disk;
    if (auto made = disk.make_directory(unfinished); !made) return made;
    if (auto saved = save_job_state(disk, unfinished, state); !saved) return saved;
    if (auto told = write_about(disk, unfinished, step, setup_); !told) return told;
    if (auto synced = disk.sync_directory(unfinished); !synced) return synced;
    if (auto renamed = disk.rename(unfinished, finished); !renamed) return renamed;
    if (auto synced = disk.sync_directory(setup_.publish); !synced) return synced;
    saved_at_ = host_->now();
    host_->on_published();
    return {};
}

std::optional<Millis> NativeUnit::time_left() {
    constexpr std::int64_t open = std::numeric_limits<std::int64_t>::max();
    std::int64_t left = leads() ? open : 0;
    if (leads() && setup_.stop_before != Millis{0})
        left = std::max(setup_.stop_before - host_->now(), Millis{0}).count();
    left = largest(left).value_or(0);
    if (left == open) return std::nullopt;
    return Millis(left);
}

void NativeUnit::progress(std::int64_t done, std::int64_t total) {
    if (!leads()) return;
    const Millis now = host_->now();
    if (spoke_at_ && now - *spoke_at_ < progress_every && done < total) return;
    spoke_at_ = now;
    // Output belongs to the unit; `xorch logs` shows it.
    fmt::print("{} of {}\n", done, total);
    std::fflush(stdout);
}

}  // namespace xorch
