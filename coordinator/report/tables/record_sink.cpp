#include "coordinator/report/tables/record_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "coordinator/report/text.h"
#include "core/json.h"

namespace xorch {

namespace {

constexpr std::size_t piece_bytes = 64U << 10U;

// Rows of one block of an aligned table share their widths; a table of any length can be printed.
constexpr std::size_t block_rows = 1000;

// Collects bytes and hands them on in pieces.
class Pieces {
 public:
    explicit Pieces(ByteSink out) : out_(std::move(out)) {}

    // Where the next bytes go; settle() once they are there.
    std::string& room() { return bytes_; }

    Result<void> settle() { return bytes_.size() < piece_bytes ? Result<void>() : flush(); }

    Result<void> add(std::string_view bytes) {
        bytes_ += bytes;
        return settle();
    }

    Result<void> flush() {
        if (bytes_.empty()) return {};
        auto written = out_(bytes_);
        bytes_.clear();
        return written;
    }

 private:
    ByteSink out_;
    std::string bytes_;
};

void append_csv(std::string& line, std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        line += text;
        return;
    }
    line += '"';
    for (const char byte : text) {
        if (byte == '"') line += '"';
        line += byte;
    }
    line += '"';
}

void append_md(std::string& line, std::string_view text) {
    for (const char byte : escape_for_terminal(text)) {
        if (std::string_view("\\|<`*_[").find(byte) != std::string_view::npos) line += '\\';
        line += byte;
    }
}

// Most cells need no escape, and then no copy.
void append_tsv(std::string& line, std::string_view text) {
    const bool is_plain = std::all_of(text.begin(), text.end(), [](char byte) {
        return byte >= 0x20 && byte < 0x7F && byte != '\\';
    });
    if (is_plain) {
        line += text;
    } else {
        line += escape_tsv(text);
    }
}

// TSV, CSV and Markdown: cells in a line with something between them.
struct LineStyle {
    std::string_view before;
    std::string_view between;
    std::string_view after;
    void (*append)(std::string& line, std::string_view text);
    bool rule_below_head = false;
};

class LineSink final : public RecordSink {
 public:
    LineSink(LineStyle style, ByteSink out) : style_(style), pieces_(std::move(out)) {}

    Result<void> begin(const std::vector<Column>& columns) override {
        write_line(columns, [this](std::string& line, const Column& column) {
            style_.append(line, column.name);
        });
        if (style_.rule_below_head) {
            write_line(columns, [](std::string& line, const Column&) { line += "---"; });
        }
        return pieces_.settle();
    }

    Result<void> add(const std::vector<Value>& cells) override {
        write_line(cells, [this](std::string& line, const Value& cell) {
            if (const auto* text = cell.get_if<std::string>()) {
                style_.append(line, *text);
            } else if (!cell.is_null()) {
                style_.append(line, format_cell(cell));
            }
        });
        return pieces_.settle();
    }

    Result<void> end() override { return pieces_.flush(); }

 private:
    template <class Item, class Write>
    void write_line(const std::vector<Item>& items, Write write) {
        std::string& line = pieces_.room();
        line += style_.before;
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) line += style_.between;
            write(line, items[i]);
        }
        line += style_.after;
    }

    LineStyle style_;
    Pieces pieces_;
};

class JsonSink final : public RecordSink {
 public:
    JsonSink(bool is_array, ByteSink out) : is_array_(is_array), pieces_(std::move(out)) {}

    Result<void> begin(const std::vector<Column>& columns) override {
        columns_ = columns;
        return is_array_ ? pieces_.add("[") : Result<void>();
    }

    Result<void> add(const std::vector<Value>& cells) override {
        Object object;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (!cells[i].is_null()) object.emplace_back(columns_[i].name, cells[i]);
        }
        std::string text = format_json(object);
        if (is_array_) {
            text.insert(0, is_first_ ? "\n" : ",\n");
        } else {
            text += '\n';
        }
        is_first_ = false;
        return pieces_.add(text);
    }

    Result<void> end() override {
        auto added = is_array_ ? pieces_.add("\n]\n") : Result<void>();
        if (!added) return added;
        return pieces_.flush();
    }

 private:
    bool is_array_;
    bool is_first_ = true;
    std::vector<Column> columns_;
    Pieces pieces_;
};

class TextSink final : public RecordSink {
 public:
    explicit TextSink(ByteSink out) : pieces_(std::move(out)) {}

    Result<void> begin(const std::vector<Column>& columns) override {
        columns_ = columns;
        std::vector<std::string> head;
        for (const Column& column : columns) {
            head.push_back(escape_for_terminal(column.name));
        }
        rows_.push_back(std::move(head));
        return {};
    }

    Result<void> add(const std::vector<Value>& cells) override {
        std::vector<std::string> row;
        for (const Value& cell : cells) {
            row.push_back(cell.is_null() ? "-" : escape_for_terminal(format_cell(cell)));
            const bool is_number = cell.as_number().has_value();
            if (aligns_.size() < cells.size()) {
                aligns_.push_back(is_number ? Align::right : Align::left);
            }
        }
        rows_.push_back(std::move(row));
        return rows_.size() > block_rows ? print_block() : Result<void>();
    }

    Result<void> end() override {
        auto printed = print_block();
        if (!printed) return printed;
        return pieces_.flush();
    }

 private:
    Result<void> print_block() {
        aligns_.resize(columns_.size(), Align::left);
        TextTable table(aligns_);
        for (auto& row : rows_) {
            table.add(std::move(row));
        }
        rows_.clear();
        for (const std::string& line : table.lines()) {
            if (auto added = pieces_.add(line + "\n"); !added) return added;
        }
        return {};
    }

    std::vector<Column> columns_;
    std::vector<Align> aligns_;  // after the first row: numbers to the right
    std::vector<std::vector<std::string>> rows_;
    Pieces pieces_;
};

}  // namespace

std::optional<RecordFormat> parse_record_format(std::string_view name) {
    if (name == "tsv") return RecordFormat::tsv;
    if (name == "csv") return RecordFormat::csv;
    if (name == "jsonl") return RecordFormat::jsonl;
    if (name == "json") return RecordFormat::json;
    if (name == "md") return RecordFormat::md;
    if (name == "text") return RecordFormat::text;
    return std::nullopt;
}

std::unique_ptr<RecordSink> make_record_sink(RecordFormat format, ByteSink out) {
    switch (format) {
        case RecordFormat::tsv:
            return std::make_unique<LineSink>(
                LineStyle{.before = "", .between = "\t", .after = "\n", .append = append_tsv},
                std::move(out)
            );
        case RecordFormat::csv:
            return std::make_unique<LineSink>(
                LineStyle{.before = "", .between = ",", .after = "\n", .append = append_csv},
                std::move(out)
            );
        case RecordFormat::md:
            return std::make_unique<LineSink>(
                LineStyle{
                    .before = "| ",
                    .between = " | ",
                    .after = " |\n",
                    .append = append_md,
                    .rule_below_head = true},
                std::move(out)
            );
        case RecordFormat::jsonl:
            return std::make_unique<JsonSink>(false, std::move(out));
        case RecordFormat::json:
            return std::make_unique<JsonSink>(true, std::move(out));
        case RecordFormat::text:
            return std::make_unique<TextSink>(std::move(out));
    }
    return nullptr;
}

}  // namespace xorch
