#include "jobs/job_state.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "core/io/posix_disk.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

JobState full_state() {
    JobState state;
    state.values = {
        {"step",    12                                     },
        {"best",    0.1                                    },
        {"phase",   "warm"                                 },
        {"nothing", std::numeric_limits<double>::infinity()}
    };
    const auto add = [&](const char* name, ElementType type, std::vector<std::int64_t> shape) {
        StoredTensor tensor{.name = name, .type = type, .shape = std::move(shape)};
        std::size_t count = element_bytes(type);
        for (const std::int64_t size : tensor.shape)
            count *= static_cast<std::size_t>(size);
        for (std::size_t i = 0; i < count; ++i)
            tensor.bytes.push_back(static_cast<char>(251 * i));
        state.tensors.push_back(std::move(tensor));
    };
    add("w", ElementType::f32, {2, 1});
    add("empty", ElementType::i64, {0, 3});
    add("scalar", ElementType::u8, {});
    add("mask", ElementType::boolean, {3});
    add("moments", ElementType::f64, {2, 2});
    add("labels", ElementType::i32, {5});
    return state;
}

TEST(JobState, ComesBackFromDiskByteByByte) {
    const TemporaryDirectory folder;
    PosixDisk disk;
    ASSERT_TRUE(save_job_state(disk, folder.path(), full_state()));
    const auto loaded = load_job_state(disk, folder.path());
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(loaded->tensors, full_state().tensors);
    EXPECT_EQ(Value(loaded->values), Value(full_state().values));
}

TEST(JobState, NumbersKeepEveryBit) {
    const std::vector<double> numbers{
        0.1, -0.0, std::nan("0x5"), std::numeric_limits<double>::denorm_min()};
    JobState state;
    state.add_numbers("history", numbers);
    const auto back = state.numbers("history");
    ASSERT_TRUE(back);
    ASSERT_EQ(back->size(), numbers.size());
    EXPECT_EQ(std::memcmp(back->data(), numbers.data(), numbers.size() * sizeof(double)), 0);
}

TEST(JobState, AMissingOrMistypedValueIsNamed) {
    const JobState state = full_state();
    EXPECT_EQ(*state.integer("step"), 12);
    EXPECT_EQ(*state.number("best"), 0.1);
    EXPECT_EQ(*state.text("phase"), "warm");
    EXPECT_EQ(state.integer("best").error().code, ErrorCode::corrupted);
    EXPECT_EQ(state.text("other").error().message, "the checkpoint holds no text \"other\"");
    EXPECT_EQ(state.numbers("w").error().code, ErrorCode::corrupted);
}

TEST(StoredTensors, AreLaidOutAsSafetensors) {
    const std::string bytes = format_tensors({
        {.name = "w", .type = ElementType::f32, .shape = {1}, .bytes = "abcd"}
    });
    const std::string header = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
    ASSERT_EQ(header.size(), 54U);
    EXPECT_EQ(bytes, std::string("\x38\0\0\0\0\0\0\0", 8) + header + "  " + "abcd");
}

TEST(StoredTensors, EveryTruncationIsAnError) {
    const std::string bytes = format_tensors(full_state().tensors);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto parsed = parse_tensors(bytes.substr(0, size));
        EXPECT_EQ(parsed.error().code, ErrorCode::corrupted) << size;
    }
}

TEST(StoredTensors, AShapeThatIsNotItsBytesIsAnError) {
    const auto parse = [](const std::string& header) {
        std::string bytes(8, '\0');
        bytes[0] = static_cast<char>(header.size());
        return parse_tensors(bytes + header + "12345678").error().message;
    };
    EXPECT_EQ(
        parse(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})"),
        "tensor \"a\": its size is not its shape's"
    );
    EXPECT_EQ(
        parse(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})"),
        "tensor \"a\": its size is not its shape's"
    );
    EXPECT_EQ(
        parse(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})"),
        "tensor \"a\": its size is not its shape's"
    );
    EXPECT_EQ(
        parse(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})"),
        "tensor \"a\": its bytes are not in the file"
    );
    EXPECT_EQ(
        parse(R"({"a":{"dtype":"F8","shape":[4],"data_offsets":[0,4]}})"),
        "tensor \"a\": its type is not known"
    );
}

}  // namespace
}  // namespace xorch
