#include "core/wire/endpoint.h"

#include <gtest/gtest.h>

#include "core/io/posix_disk.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

Endpoint endpoint_of(std::uint32_t epoch) {
    return {
        .epoch = {epoch},
        .address = "tcp://127.0.0.1:40001",
        .public_key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
        .host = "node \"1\"",
        .pid = 4711};
}

TEST(Endpoint, SurvivesItsText) {
    const auto parsed = parse_endpoint(format_endpoint(endpoint_of(3)));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, endpoint_of(3));
}

TEST(Endpoint, IsRefusedWhenSomethingIsMissing) {
    EXPECT_FALSE(parse_endpoint("{}"));
    EXPECT_FALSE(parse_endpoint("{\"epoch\":1,\"address\":\"x\",\"public_key\":7}"));
    EXPECT_FALSE(parse_endpoint("not JSON"));
}

TEST(Endpoint, IsThatOfTheHighestEpoch) {
    const TemporaryDirectory directory;
    const SweepLayout layout{.root = directory.path()};
    PosixDisk disk;
    ASSERT_TRUE(disk.make_directory(layout.journal()));
    auto none = find_endpoint(disk, layout);
    ASSERT_TRUE(none);
    EXPECT_FALSE(none->has_value());
    for (const std::uint32_t epoch : {2U, 11U, 9U}) {
        ASSERT_TRUE(write_endpoint(disk, layout, endpoint_of(epoch)));
    }
    auto found = find_endpoint(disk, layout);
    ASSERT_TRUE(found && found->has_value());
    EXPECT_EQ(**found, endpoint_of(11));
}

TEST(Endpoint, OfASweepWithoutAJournalIsAnError) {
    const TemporaryDirectory directory;
    PosixDisk disk;
    EXPECT_FALSE(find_endpoint(disk, {.root = directory.path()}));
}

}  // namespace
}  // namespace xorch
