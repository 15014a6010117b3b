#include "tools/cli/run/native_program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "jobs/declaration.h"

namespace xorch {

std::string native_program_of(const std::string& program) {
    return (std::filesystem::path(program).parent_path() / "xorch-runner").string();
}

bool has_native_program(const std::string& program) {
    return ::access(native_program_of(program).c_str(), X_OK) == 0;
}

Result<std::string> require_native_program(const std::string& program, const std::string& what) {
    if (has_native_program(program)) return native_program_of(program);
    return fail(
        ErrorCode::not_found,
        fmt::format(
            "{} needs xorch-runner, which is not beside {}\n"
            "install what it is made of, then build xorch again (`xorch jobs` shows what runs "
            "here):\n"
            "    apt-get install libtorch-dev libopenblas0-pthread libopencv-core-dev "
            "libopencv-imgproc-dev libopencv-imgcodecs-dev libtiff-dev",
            what,
            program
        )
    );
}

Result<std::string> native_program_for(const Sweep& sweep, const std::string& program) {
    const std::vector<JobDeclaration> jobs = job_declarations();
    for (const Stage& stage : sweep.stages) {
        for (const JobDeclaration& job : jobs) {
            if (job.name != stage.job || !job.needs_runner) continue;
            return require_native_program(
                program, fmt::format("stage \"{}\" (job \"{}\")", stage.name, job.name)
            );
        }
    }
    return std::string();
}

}  // namespace xorch
