#include "coordinator/report/tables/sqlite_sink.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>

#include <cmath>
#include <set>
#include <string_view>
#include <vector>

namespace xorch {

namespace {

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};

struct FinishStatement {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinishStatement>;

// An identifier that may hold anything, as SQL quotes it.
std::string quoted(const std::string& name) {
    std::string text = "\"";
    for (const char byte : name) {
        if (byte == '"') text += '"';
        if (byte != '\0') text += byte;
    }
    return text + '"';
}

std::string lower_ascii(std::string text) {
    for (char& byte : text)
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    return text;
}

// SQLite takes "F1" and "f1" for one column; the later one gets a number.
std::vector<std::string> distinct_names(const std::vector<Column>& columns) {
    std::vector<std::string> names;
    std::set<std::string> taken;
    for (const Column& column : columns) {
        std::string name = quoted(column.name);
        for (int i = 2; !taken.insert(lower_ascii(name)).second; ++i) {
            name = quoted(fmt::format("{}_{}", column.name, i));
        }
        names.push_back(std::move(name));
    }
    return names;
}

class SqliteSink final : public RecordSink {
 public:
    SqliteSink(Database database, std::string table)
        : database_(std::move(database)), table_(std::move(table)) {}

    Result<void> begin(const std::vector<Column>& columns) override {
        const std::vector<std::string> names = distinct_names(columns);
        const std::vector<std::string_view> marks(names.size(), "?");
        // The whole table is one transaction: a million of them would each wait for the disk.
        if (auto begun = run("BEGIN"); !begun) return begun;
        auto created =
            run(fmt::format("CREATE TABLE {} ({})", quoted(table_), fmt::join(names, ", ")));
        if (!created) return created;
        const std::string insert =
            fmt::format("INSERT INTO {} VALUES ({})", quoted(table_), fmt::join(marks, ", "));
        sqlite3_stmt* statement = nullptr;
        const int code =
            sqlite3_prepare_v2(database_.get(), insert.c_str(), -1, &statement, nullptr);
        insert_.reset(statement);
        return code == SQLITE_OK ? Result<void>() : failed("preparing the insertion");
    }

    Result<void> add(const std::vector<Value>& cells) override {
        sqlite3_reset(insert_.get());
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (bind(static_cast<int>(i) + 1, cells[i]) != SQLITE_OK)
                return failed("binding a cell");
        }
        return sqlite3_step(insert_.get()) == SQLITE_DONE ? Result<void>() : failed("adding a row");
    }

    Result<void> end() override { return run("COMMIT"); }

 private:
    int bind(int place, const Value& cell) {
        if (cell.is_null()) return sqlite3_bind_null(insert_.get(), place);
        if (const auto* flag = cell.get_if<bool>()) {
            return sqlite3_bind_int(insert_.get(), place, *flag ? 1 : 0);
        }
        if (const auto* integer = cell.get_if<std::int64_t>()) {
            return sqlite3_bind_int64(insert_.get(), place, *integer);
        }
        if (const auto* number = cell.get_if<double>(); number != nullptr && !std::isnan(*number)) {
            return sqlite3_bind_double(insert_.get(), place, *number);
        }
        const std::string text = format_cell(cell);
        return sqlite3_bind_text(
            insert_.get(), place, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT
        );
    }

    Result<void> run(const std::string& sql) {
        const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
        return code == SQLITE_OK ? Result<void>() : failed("writing the database");
    }

    Result<void> failed(std::string_view doing) {
        const bool full = sqlite3_errcode(database_.get()) == SQLITE_FULL;
        return fail(
            full ? ErrorCode::no_space : ErrorCode::internal,
            fmt::format("{}: {}", doing, sqlite3_errmsg(database_.get()))
        );
    }

    Database database_;
    std::string table_;
    Statement insert_;
};

}  // namespace

Result<std::unique_ptr<RecordSink>> make_sqlite_sink(
    const std::string& path, const std::string& table
) {
    sqlite3* raw = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    Database database(raw);  // SQLite hands back a handle to close even when it fails.
    if (code != SQLITE_OK) {
        return fail(
            ErrorCode::unavailable,
            fmt::format("creating the database {}: {}", path, sqlite3_errmsg(database.get()))
        );
    }
    return std::make_unique<SqliteSink>(std::move(database), table);
}

}  // namespace xorch
