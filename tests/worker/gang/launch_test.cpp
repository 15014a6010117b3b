#include "worker/gang/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace xorch {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSubsetOf;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;

GangLaunch two_nodes() {
    return {
        .hosts = {{"n2", 1},   {"n1", 3}},
          .resources = {.cpus = 2,           .ranks = 4},
          .mpi = {                    }
    };
}

// What follows the word in argv.
std::string after(const std::vector<std::string>& argv, const std::string& word) {
    const auto found = std::find(argv.begin(), argv.end(), word);
    return found == argv.end() || found + 1 == argv.end() ? "" : *(found + 1);
}

TEST(LaunchingAGang, SrunSharesTheNodesAndTakesTheRanksNodesFromAFile) {
    const auto argv = launch_argv(two_nodes());
    EXPECT_EQ(argv.front(), "srun");
    EXPECT_THAT(
        argv,
        IsSupersetOf(
            {"--overlap",
             "--exact",
             "--nodes=2",
             "--ntasks=4",
             "--cpus-per-task=2",
             "--distribution=arbitrary",
             "--kill-on-bad-exit=1",
             "--mpi=pmix"}
        )
    );
    EXPECT_EQ(rank_nodes(two_nodes().hosts), "n2\nn1\nn1\nn1\n");
}

TEST(LaunchingAGang, TheSitesLauncherIsForItsClusterAndThisMachineHasMpirun) {
    Sweep sweep;
    EXPECT_EQ(launcher_of(sweep), GangLauncher::mpirun);
    sweep.backend = BackendKind::slurm;
    EXPECT_EQ(launcher_of(sweep), GangLauncher::srun);
    sweep.slurm.launcher = GangLauncher::mpirun;
    EXPECT_EQ(launcher_of(sweep), GangLauncher::mpirun);
}

TEST(LaunchingAGang, TheSiteNamesThePluginForMpi) {
    GangLaunch launch = two_nodes();
    launch.mpi = "pmi2";
    EXPECT_THAT(launch_argv(launch), Contains("--mpi=pmi2"));
}

TEST(LaunchingAGang, MpirunYieldsOnlyWhereRanksShareCpus) {
    GangLaunch launch = two_nodes();
    launch.launcher = GangLauncher::mpirun;
    EXPECT_THAT(launch_argv(launch), Not(Contains("mpi_yield_when_idle")));
    launch.oversubscribed = true;
    const auto argv = launch_argv(launch);
    EXPECT_EQ(argv.front(), "mpirun");
    EXPECT_EQ(after(argv, "-np"), "4");
    EXPECT_EQ(after(argv, "mpi_yield_when_idle"), "1");
    EXPECT_THAT(argv, Not(Contains("--host")));
}

TEST(LaunchingAGang, MpirunWithinAJobIsToldTheNodesInTheOrderOfRanks) {
    GangLaunch launch = two_nodes();
    launch.launcher = GangLauncher::mpirun;
    launch.in_job = true;
    EXPECT_EQ(after(launch_argv(launch), "--host"), "n2:1,n1:3");
}

TEST(LaunchingAGang, TheLauncherKnowsTheJobButNothingOfTheAgentsOwnStep) {
    const auto environment = launch_environment(
        {"PATH=/bin", "SLURM_CPU_BIND=cores"},
        {"SLURM_JOB_ID=7", "SLURM_STEP_ID=0", "SLURM_PROCID=0", "SLURM_NTASKS=1", "HOME=/x"},
        "/hosts"
    );
    EXPECT_THAT(
        environment,
        UnorderedElementsAre(
            "PATH=/bin",
            "SLURM_JOB_ID=7",
            "SLURM_HOSTFILE=/hosts",
            "OMPI_ALLOW_RUN_AS_ROOT=1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"
        )
    );
}

TEST(LaunchingAGang, ARanksProgramDoesNotTakeSlurmsTasksForItsOwn) {
    const std::vector<std::string> own{"A=1", "SLURM_NTASKS=4", "PMIX_RANK=2", "SLURM_STEP_ID=1"};
    EXPECT_THAT(without_launcher(own, false), ElementsAre("A=1", "PMIX_RANK=2", "SLURM_STEP_ID=1"));
    EXPECT_EQ(without_launcher(own, true), own);
}

}  // namespace
}  // namespace xorch
