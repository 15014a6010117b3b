// Archives of arrays, whole and damaged.

#include "jobs/files/npz_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/jobs/files/zip_file.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::string zeros(5000, 'z');

std::string error_of(const std::string& bytes) {
    const auto arrays = read_npz(bytes);
    return arrays ? "none" : arrays.error().message;
}

TEST(NpzArchive, StoredAndDeflatedArraysAreFoundByName) {
    const std::string bytes = make_zip({
        {"x.npy", zeros, true},
        {"label.npy",       "some" }
    });
    ASSERT_LT(bytes.size(), 500U);
    const auto arrays = read_npz(bytes);
    ASSERT_TRUE(arrays) << arrays.error().message;
    EXPECT_THAT(*arrays, ElementsAre(Pair("label", "some"), Pair("x", zeros)));
}

TEST(NpzArchive, ACommentBehindTheDirectoryIsAllowed) {
    std::string bytes = make_zip({
        {"x.npy", "some"}
    });
    bytes[bytes.size() - 2] = 3;
    EXPECT_EQ(error_of(bytes + "abc"), "none");
}

TEST(NpzArchive, ADamagedByteIsFoundByItsChecksum) {
    std::string bytes = make_zip({
        {"x.npy", "some"}
    });
    bytes[bytes.find("some")] = 'c';
    EXPECT_EQ(error_of(bytes), "x.npy: its checksum is another one");
}

TEST(NpzArchive, NoTruncatedFileIsAccepted) {
    const std::string bytes = make_zip({
        {"x.npy", zeros, true},
        {"label.npy",       "some" }
    });
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_NE(error_of(bytes.substr(0, size)), "none") << size;
    }
}

TEST(NpzArchive, AClaimBeyondWhatPacksIsRefusedBeforeItTakesMemory) {
    std::string bytes = make_zip({
        {"x.npy", zeros, true}
    });
    const std::size_t size_at = bytes.find("PK\x01\x02") + 24;
    bytes.replace(size_at, 4, "\xfe\xff\xff\xff");
    EXPECT_EQ(error_of(bytes), "x.npy: too large when unpacked");
    bytes.replace(size_at, 4, std::string("\x89\x13\0\0", 4));
    EXPECT_EQ(error_of(bytes), "x.npy: it does not unpack to its size");
}

TEST(NpzArchive, WhatWeCannotReadIsNamed) {
    EXPECT_EQ(
        error_of(make_zip({
            {"x.npy", "1"},
            {"x.npy", "2"}
    })),
        "x: there twice"
    );
    std::string method = make_zip({
        {"x.npy", "some"}
    });
    method[method.find("PK\x01\x02") + 10] = 12;
    EXPECT_THAT(error_of(method), HasSubstr("packed by the unknown method 12"));
    std::string secret = make_zip({
        {"x.npy", "some"}
    });
    secret[secret.find("PK\x01\x02") + 8] = 1;
    EXPECT_EQ(error_of(secret), "an encrypted ZIP file");
}

}  // namespace
}  // namespace xorch
