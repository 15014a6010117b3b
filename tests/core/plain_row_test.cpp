#include "core/plain_row.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "core/json.h"

namespace xorch {
namespace {

void expect_as_json(const std::string& line) {
    const auto plain = read_plain_row(line);
    if (!plain) return;
    const auto parsed = parse_json(line);
    ASSERT_TRUE(parsed) << line;
    EXPECT_EQ(*parsed, Value(*plain)) << line;
}

Value random_cell(std::mt19937_64& random) {
    switch (random() % 8) {
        case 0:
            return Value();
        case 1:
            return Value(random() % 2 == 0);
        case 2:
            return Value(static_cast<std::int64_t>(random()));
        case 3:
            return Value(static_cast<std::int64_t>(random() % 100) - 50);
        case 4:
            return Value("a text, {with} [marks]: 1");
        case 5:
            return Value(static_cast<double>(random()) / 7e18);
        default: {
            double number = 0;
            const std::uint64_t bits = random();
            static_assert(sizeof number == sizeof bits);
            __builtin_memcpy(&number, &bits, sizeof bits);
            return Value(number);
        }
    }
}

Object random_row(std::mt19937_64& random) {
    Object row;
    for (std::uint64_t i = random() % 6; i > 0; --i)
        row.emplace_back("column_" + std::to_string(i), random_cell(random));
    return row;
}

TEST(PlainRow, ReadsWhatRecordsAreWrittenAs) {
    const Object row{
        {"acc",   0.25     },
        {"n",     -3       },
        {"tiny",  5e-324   },
        {"ok",    true     },
        {"state", "fine, 1"},
        {"none",  Value()  }
    };
    const auto read = read_plain_row(format_json(row));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, row);
    EXPECT_EQ(read_plain_row("{}"), Object{});
}

TEST(PlainRow, LeavesToTheReaderOfJsonWhatIsNotPlain) {
    for (const char* line :
         {"",
          "{",
          "{\"a\":1",
          "{\"a\":1}x",
          "{ \"a\":1}",
          "{\"a\": 1}",
          "{\"a\":[1]}",
          "{\"a\":{}}",
          "{\"a\":NaN}",
          "{\"a\":Infinity}",
          "{\"a\":nullx}",
          "{\"a\":1,}",
          "{\"a\":1,\"a\":2}",
          "{\"a\":\"\\n\"}",
          "{\"\xC3\xBC\":1}",
          "{\"a\":1e999}",
          "{\"a\":0e0000}",
          "{\"a\":9223372036854775808}",
          "{\"a\":-0}"})
        EXPECT_FALSE(read_plain_row(line)) << line;
    for (const char* number : {"01", "1.", ".5", "+1", "1e", "1e+", "-", "0x1", "1 ", "inf", "--1"})
        EXPECT_FALSE(read_plain_row("{\"a\":" + std::string(number) + "}")) << number;
}

TEST(PlainRow, AgreesWithTheReaderOfJsonOnRandomRowsAndOnDamagedOnes) {
    std::mt19937_64 random(41);
    int plain = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string line = format_json(random_row(random));
        plain += read_plain_row(line) ? 1 : 0;
        expect_as_json(line);
        for (std::uint64_t i = random() % 3; i > 0; --i)
            line[random() % line.size()] = "{}[]\",:01.eE-+ntf\\ \n"[random() % 20];
        expect_as_json(line);
    }
    EXPECT_GT(plain, 15'000);
}

}  // namespace
}  // namespace xorch
