#include "coordinator/serve/inbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Inbox : public testing::Test {
 protected:
    void write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
        const std::string path = directory_ / name;
        std::ofstream(path) << text;
        ASSERT_EQ(chmod(path.c_str(), mode), 0);
    }

    ClientRequest request() const {
        return {.id = make_request_id(), .verb = "cancel", .arguments = "{\"units\":[\"a/1\"]}"};
    }

    const std::string& path() const { return directory_.path(); }

    TemporaryDirectory directory_;
};

TEST_F(Inbox, CarriesARequestAndItsReply) {
    const ClientRequest asked = request();
    ASSERT_TRUE(drop_into_inbox(path(), asked));
    const auto found = read_inbox(path());
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 1U);
    EXPECT_EQ(found->front().id, asked.id);
    EXPECT_EQ(found->front().request.value(), asked);
    EXPECT_FALSE(take_inbox_reply(path(), asked.id).value());

    const ClientReply reply{.id = asked.id, .ok = true, .text = "{\"cancelled\":1}"};
    ASSERT_TRUE(answer_inbox(path(), reply));
    EXPECT_THAT(read_inbox(path()).value(), IsEmpty());
    EXPECT_EQ(take_inbox_reply(path(), asked.id).value(), reply);
    EXPECT_TRUE(std::filesystem::is_empty(path()));
}

TEST_F(Inbox, MakesIdsThatDiffer) {
    const std::string id = make_request_id();
    EXPECT_TRUE(is_request_id(id));
    EXPECT_NE(id, make_request_id());
    for (const char* other : {"", "..", "../../../../../../etc/passwd-----", "ABCDEF"}) {
        EXPECT_FALSE(is_request_id(other)) << other;
    }
}

TEST_F(Inbox, PassesOverFilesWithOtherNames) {
    for (const char* name : {"note.json", ".json", "x", "0123.json.tmp"})
        write(name, "{}");
    EXPECT_THAT(read_inbox(path()).value(), IsEmpty());
}

TEST_F(Inbox, SaysWhatIsWrongWithAFile) {
    const std::string id = make_request_id();
    const auto expect_problem = [&](const std::string& text, const std::string& problem) {
        write(id + ".json", text);
        const auto found = read_inbox(path());
        ASSERT_TRUE(found);
        ASSERT_EQ(found->size(), 1U);
        ASSERT_FALSE(found->front().request) << text.substr(0, 80);
        EXPECT_THAT(found->front().request.error().message, HasSubstr(problem));
    };
    const std::string start = "{\"id\":\"" + id + "\",\"verb\":";
    expect_problem("{\"id\":", "reading a request");
    expect_problem("[]", "\"id\"");
    expect_problem(start + "1,\"arguments\":\"\"}", "\"verb\"");
    expect_problem(start + "\"x\"}", "\"arguments\"");
    expect_problem("{\"id\":\"other\",\"verb\":\"x\",\"arguments\":\"\"}", "not that of");
    expect_problem(std::string(inbox_bytes_max + 1, ' '), "too large");
}

TEST_F(Inbox, DoesNotBelieveFilesThatOthersCouldHaveWritten) {
    const std::string id = make_request_id();
    write(id + ".json", "{\"id\":\"" + id + "\",\"verb\":\"x\",\"arguments\":\"\"}", 0666);
    EXPECT_FALSE(read_inbox(path()).value().front().request);
}

TEST_F(Inbox, DoesNotFollowLinksNorWaitForPipes) {
    const std::string linked = make_request_id();
    write("elsewhere", "{\"id\":\"" + linked + "\",\"verb\":\"x\",\"arguments\":\"\"}");
    std::filesystem::create_symlink(directory_ / "elsewhere", directory_ / (linked + ".json"));
    const std::string pipe = directory_ / (make_request_id() + ".json");
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    const auto found = read_inbox(path());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->size(), 2U);
    for (const InboxRequest& each : *found)
        EXPECT_FALSE(each.request);
}

TEST_F(Inbox, TakesALimitedNumberAtATime) {
    for (std::size_t i = 0; i < inbox_requests_per_poll + 5; ++i) {
        write(make_request_id() + ".json", "{}");
    }
    EXPECT_EQ(read_inbox(path()).value().size(), inbox_requests_per_poll);
}

TEST_F(Inbox, RemovesRepliesThatNobodyFetched) {
    const std::string old = directory_ / (make_request_id() + ".reply");
    const std::string fresh = directory_ / (make_request_id() + ".reply");
    std::ofstream(old) << "x";
    std::ofstream(fresh) << "x";
    const utimbuf long_ago{.actime = 1, .modtime = 1};
    ASSERT_EQ(utime(old.c_str(), &long_ago), 0);
    ASSERT_TRUE(read_inbox(path()));
    EXPECT_FALSE(std::filesystem::exists(old));
    EXPECT_TRUE(std::filesystem::exists(fresh));
}

TEST_F(Inbox, ForgetsAWithdrawnRequest) {
    const ClientRequest asked = request();
    ASSERT_TRUE(drop_into_inbox(path(), asked));
    ASSERT_TRUE(withdraw_from_inbox(path(), asked.id));
    ASSERT_TRUE(withdraw_from_inbox(path(), asked.id));
    EXPECT_THAT(read_inbox(path()).value(), IsEmpty());
}

}  // namespace
}  // namespace xorch
