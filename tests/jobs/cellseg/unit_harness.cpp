#include "tests/jobs/cellseg/unit_harness.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/json.h"
#include "jobs/cellseg/jobs.h"
#include "jobs/declaration.h"
#include "jobs/torch/environment.h"

namespace xorch::cellseg {

namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t seed = 7;

JobFunction function_of(const std::string& job) {
    if (job == "cellseg.prepare") return run_cellseg_prepare;
    return job == "cellseg.train" ? run_cellseg_train : run_cellseg_eval;
}

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

std::string newest_in(const std::string& folder) {
    fs::path newest;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (newest.empty() || step_of(entry.path()) > step_of(newest)) newest = entry.path();
    }
    return newest.string();
}

}  // namespace

bool CountingHost::stop_asked() {
    if (left_ == never) return false;
    if (left_ > 0) --left_;
    return left_ == 0;
}

UnitRun run_unit(
    const std::string& job,
    const Object& params,
    const std::string& folder,
    int answers_before_stop,
    const std::string& resume
) {
    UnitRun run{.error = {}, .records = {}, .out = folder + "/out", .checkpoint = {}};
    fs::create_directories(folder);
    const std::vector<JobDeclaration> jobs = job_declarations();
    const auto declared = std::find_if(jobs.begin(), jobs.end(), [&](const JobDeclaration& each) {
        return each.name == job;
    });
    CountingHost host(answers_before_stop);
    UnitSetup setup;
    setup.id = "unit";
    setup.params = format_json(Value(params));
    setup.seed = seed;
    setup.out = run.out;
    setup.publish = folder + "/checkpoints";
    setup.records = folder + "/records.jsonl";
    setup.resume = resume;
    setup.checkpoint_every = Millis{0};
    begin_torch_unit(seed, 1);
    auto unit = NativeUnit::open(*declared, setup, host);
    if (!unit) {
        run.error = unit.error().message;
        return run;
    }
    const auto end = function_of(job)(*unit);
    if (end) {
        run.end = *end;
    } else {
        run.error = end.error().message;
    }
    run.records = read_records(setup.records);
    run.checkpoint = newest_in(setup.publish);
    return run;
}

}  // namespace xorch::cellseg
