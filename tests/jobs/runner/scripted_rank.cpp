// One rank of a gang whose only job does what its parameters say, without LibTorch.

#include <signal.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <new>
#include <stdexcept>
#include <thread>

#include "jobs/runner/gang.h"

namespace xorch {
namespace {

ParameterDeclaration integer(const char* name, std::int64_t otherwise) {
    return {.name = name, .type = ParameterType::integer, .default_value = Value(otherwise)};
}

JobDeclaration declare_sums() {
    JobDeclaration job;
    job.name = "sums";
    job.gang = true;
    job.parameters = {
        integer("steps", 5),
        integer("wait_at", -1), // until it is asked to stop
        integer("save_every", 0), // steps; 0 = only when asked
        integer("bad_rank", -1), // that does at bad_step what `evil` says
        integer("bad_step", 2),
        {.name = "evil", .type = ParameterType::text, .default_value = Value("throw")}
    };
    return job;
}

void misbehave(const NativeUnit& unit, int rank, std::int64_t step) {
    if (unit.params().integer("bad_rank") != rank) return;
    if (unit.params().integer("bad_step") != step) return;
    if (unit.params().text("evil") == "die") ::raise(SIGKILL);
    while (unit.params().text("evil") == "hang")
        ::pause();
    if (unit.params().text("evil") == "eat") throw std::bad_alloc();
    throw std::runtime_error("it went wrong");
}

Result<JobEnd> run_sums(NativeUnit& unit) {
    Communicator& ranks = unit.ranks();
    const auto saved = unit.resume();
    if (!saved) return tl::unexpected(saved.error());
    std::int64_t step = *saved ? (*saved)->integer("step").value_or(-1) : 0;
    const std::int64_t steps = unit.params().integer("steps");
    const std::int64_t save_every = unit.params().integer("save_every");
    const auto path = unit.artifact("rank.txt");
    if (!path) return tl::unexpected(path.error());
    std::ofstream(*path) << "rank " << ranks.rank();
    while (step < steps) {
        misbehave(unit, ranks.rank(), step);
        while (unit.params().integer("wait_at") == step && !unit.should_stop())
            std::this_thread::yield();
        std::array<std::int64_t, 2> at{step, -step};
        if (auto met = ranks.all_reduce_max(at); !met) return tl::unexpected(met.error());
        if (at[0] != -at[1]) return fail(ErrorCode::internal, "the ranks are at different steps");
        auto told = unit.report({
            {"step", step}
        });
        if (!told) return tl::unexpected(told.error());
        ++step;
        const bool is_due = save_every > 0 && step % save_every == 0;
        if (!is_due && !unit.should_checkpoint()) continue;
        const JobState state{.values = {{"step", step}}};
        if (auto ok = unit.checkpoint(step, state); !ok) return tl::unexpected(ok.error());
        if (unit.should_stop()) return JobEnd::checkpointed;
    }
    return JobEnd::done;
}

JobFailure describe(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::bad_alloc&) {
        return {.message = "memory ran out", .out_of_memory = true};
    } catch (const std::exception& error) {
        return {.message = error.what()};
    }
}

constexpr NativeJob jobs[] = {
    {"sums", run_sums}
};

}  // namespace
}  // namespace xorch

// scripted_rank PATIENCE_MS SOCKET
int main(int argc, char** argv) {
    using namespace xorch;
    if (argc != 3) return 2;
    return serve_gang(
        {.socket = argv[2], .patience = Millis(std::stoi(argv[1]))},
        {.declarations = {declare_sums()},
         .jobs = jobs,
         .begin_unit = [](std::uint32_t, std::uint32_t) {},
         .env_key = [](std::uint32_t) { return std::string("here"); },
         .describe = describe}
    );
}
