#include "tests/jobs/unit_harness.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/json.h"
#include "jobs/declaration.h"
#include "jobs/runner/native_jobs.h"
#include "jobs/torch/environment.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

std::vector<Object> read_records(const std::string& path) {
    std::vector<Object> records;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (const auto value = parse_json(line)) records.push_back(*value->get_if<Object>());
    }
    return records;
}

int step_of(const fs::path& checkpoint) {
    const std::string name = checkpoint.filename().string();
    return std::stoi(name.substr(name.rfind('-') + 1));
}

std::vector<std::string> checkpoints_in(const std::string& folder) {
    std::vector<std::string> checkpoints;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        checkpoints.push_back(entry.path().string());
    }
    std::sort(checkpoints.begin(), checkpoints.end(), [](const auto& left, const auto& right) {
        return step_of(left) < step_of(right);
    });
    return checkpoints;
}

}  // namespace

bool CountingHost::stop_asked() {
    if (left_ == never) return false;
    if (left_ > 0) --left_;
    return left_ == 0;
}

UnitRun run_alone(
    const std::string& job,
    const Object& params,
    const std::string& folder,
    const UnitOptions& options
) {
    UnitRun run{.error = {}, .records = {}, .out = folder + "/out", .checkpoints = {}};
    fs::create_directories(folder);
    const std::vector<JobDeclaration> jobs = job_declarations();
    const auto declared = std::find_if(jobs.begin(), jobs.end(), [&](const JobDeclaration& each) {
        return each.name == job;
    });
    CountingHost host(options.answers_before_stop);
    UnitSetup setup;
    setup.id = "unit";
    setup.params = format_json(Value(params));
    setup.inputs = options.inputs;
    setup.seed = options.seed;
    setup.out = run.out;
    setup.publish = folder + "/checkpoints";
    setup.records = folder + "/records.jsonl";
    setup.resume = options.resume;
    setup.checkpoint_every = Millis{options.checkpoint_every};
    begin_torch_unit(options.seed, 1);
    auto unit = NativeUnit::open(*declared, setup, host);
    if (!unit) {
        run.error = unit.error().message;
        return run;
    }
    const auto native = std::ranges::find(native_jobs(), job, &NativeJob::name);
    const auto end = native->run(*unit);
    if (end) {
        run.end = *end;
    } else {
        run.error = end.error().message;
    }
    run.records = read_records(setup.records);
    run.checkpoints = checkpoints_in(setup.publish);
    return run;
}

Inputs& Inputs::add(const std::string& stage, const Object& params, const UnitRun& run) {
    Array records;
    for (const Object& record : run.records) {
        records.emplace_back(record);
    }
    items_.emplace_back(Object{
        {"stage",   stage         },
        {"unit",    "unit"        },
        {"params",  Value(params) },
        {"dir",     run.out       },
        {"records", Value(records)},
    });
    return *this;
}

Inputs& Inputs::add_folder(const std::string& stage, const std::string& folder) {
    UnitRun run{.error = {}, .records = {}, .out = folder, .checkpoints = {}};
    return add(stage, {}, run);
}

std::string Inputs::json() const {
    return format_json(Value(items_));
}

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace xorch
