#include "core/error.h"
#include "jobs/files/csv_rows.h"
#include "tests/fuzz/fuzz.h"

namespace xorch::fuzz {

namespace {

using Table = std::vector<std::vector<std::string>>;

// Nothing for what is no table.
bool read(std::string_view text, Table& table) {
    CsvRows rows(text);
    std::vector<std::string> cells;
    while (true) {
        const auto more = rows.next(cells);
        if (!more) return false;
        if (!*more) return true;
        table.push_back(cells);
    }
}

std::string write(const Table& table) {
    std::string text;
    for (const auto& row : table) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            text += i == 0 ? "\"" : ",\"";
            for (const char c : row[i]) {
                text += c == '"' ? "\"\"" : std::string(1, c);
            }
            text += '"';
        }
        text += '\n';
    }
    return text;
}

}  // namespace

std::vector<std::string> corpus() {
    return {
        "a,b,c\n1,2,3\n,,\n",
        "\xef\xbb\xbf\"a,b\",\"say \"\"x\"\"\"\r\n\"two\nlines\",c\r\n",
        "x\ry\r\rz",
    };
}

std::size_t rounds() {
    return 100'000;
}

bool try_input(std::string_view bytes) {
    Table table;
    if (!read(bytes, table)) return false;
    Table again;
    XORCH_CHECK(read(write(table), again) && again == table, "a table reads as another one");
    return true;
}

}  // namespace xorch::fuzz
