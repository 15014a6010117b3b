#include "worker/attempt/steps/gang_preparation.h"

#include <initializer_list>
#include <utility>

#include "core/io/spawn.h"
#include "worker/gang/plan.h"

namespace xorch {

namespace {

GangPlan plan_of(const PreparationRequest& request, const AttemptPlaces& places) {
    const Stage& stage = *request.stage;
    return {
        .hosts = request.order.assignment.hosts,
        .address = request.gang->address,
        .port = request.gang->port,
        .gpus = stage.resources.gpus,
        .memory = stage.resources.memory,
        .exit_checkpointed = stage.exit_checkpointed,
        .keep_slurm = stage.keep_slurm_env,
        .stop_file = places.stop,
        .stop_signal = stage.stop_signal,
        .check_port = request.gang->check_port,
        .check_token = request.gang->check_token};
}

Result<void> write_files(
    Disk& disk,
    const std::string& folder,
    std::initializer_list<std::pair<std::string, std::string>> files
) {
    for (const auto& [name, text] : files) {
        // Whole before any rank looks for it, on whichever node.
        if (auto written = write_file_atomically(disk, folder + "/" + name, text); !written) {
            return written;
        }
    }
    return {};
}

}  // namespace

Result<void> put_behind_launcher(
    Disk& disk, const PreparationRequest& request, Preparation& prepared
) {
    const GangRequest& gang = *request.gang;
    const std::string& folder = prepared.places.scratch;
    const std::string hostfile = folder + "/" + gang_hostfile_name;
    auto written = write_files(
        disk,
        folder,
        {
            {gang_plan_name, format_gang_plan(plan_of(request, prepared.places))},
            {gang_argv_name,              format_gang_argv(prepared.argv)                                },
            {gang_hostfile_name,              rank_nodes(gang.launch.hosts)}
    }
    );
    if (!written) return fail_with_context(written.error(), "preparing the gang");
    prepared.environment =
        launch_environment(std::move(prepared.environment), gang.own_environment, hostfile);
    set_variable(prepared.environment, gang_variable, folder);
    prepared.argv = launch_argv(gang.launch);
    prepared.argv.insert(prepared.argv.end(), {gang.program, "rank", folder});
    auto launcher = find_launcher(gang.launch.launcher, prepared.environment, request.directory);
    if (!launcher) return tl::unexpected(launcher.error());
    prepared.program = std::move(*launcher);
    return {};
}

}  // namespace xorch
