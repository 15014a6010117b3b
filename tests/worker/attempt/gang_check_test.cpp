// The small check that nodes do before the first gang on them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/worker/attempt/gangs.h"

namespace xorch {
namespace {

using testing::HasSubstr;

// Both "nodes" are this machine: what it takes is that the first rank of each is told of two.
TEST_F(Gangs, NodesAreCheckedBeforeTheFirstGangOnThem) {
    shell("echo > ran-$RANK yes");
    Assignment gang = assignment(0);
    gang.hosts = {
        {"here",  1},
        {"there", 1}
    };
    start(std::move(gang));
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::none) << end.message << end.tail;
    EXPECT_EQ(read_text(directory() + "/ran-1"), "yes\n");
}

TEST_F(Gangs, ANodeThatFailsTheCheckIsNamedAndNoRankRuns) {
    settings().program = directory() + "/liar";
    write_text(
        settings().program,
        "#!/usr/bin/python3\n"
        "import json, os, socket, sys\n"
        "if os.environ['OMPI_COMM_WORLD_RANK'] == '0':\n"
        "    os.execv('" XORCH_RANK_PROGRAM
        "', sys.argv)\n"
        "plan = json.load(open(sys.argv[2] + '/gang.json'))\n"
        "while True:\n"
        "    try: link = socket.create_connection((plan['address'], plan['check_port'])); break\n"
        "    except ConnectionRefusedError: pass\n"
        "link.sendall((plan['check_token'] + ' there\\n').encode() + bytes(16384))\n"
        "link.recv(1)\n"
    );
    std::filesystem::permissions(settings().program, std::filesystem::perms::owner_all);
    shell("echo > ran-$RANK yes");
    Assignment gang = assignment(0);
    gang.hosts = {
        {"here",  1},
        {"there", 1}
    };
    start(std::move(gang));
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::agent_lost);
    EXPECT_EQ(end.unfit_node, "there");
    EXPECT_THAT(end.message, HasSubstr("the check of its nodes failed: there gave wrong numbers"));
    EXPECT_FALSE(std::filesystem::exists(directory() + "/ran-0"));
}

}  // namespace
}  // namespace xorch
