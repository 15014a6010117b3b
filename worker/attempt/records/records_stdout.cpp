#define PCRE2_CODE_UNIT_WIDTH 8
#include "worker/attempt/records/records_stdout.h"

#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/record.h"
#include "worker/attempt/records/records_read.h"

namespace xorch {

namespace {

constexpr std::size_t line_bytes_max = 64U << 10U;
// About a millisecond of backtracking: far beyond what a sensible pattern needs on one line.
constexpr std::uint32_t match_steps_max = 100'000;

struct CodeDeleter {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};

struct MatchDeleter {
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

struct ContextDeleter {
    void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

struct Group {
    std::string name;
    std::size_t number = 0;
};

std::vector<Group> groups_of(const pcre2_code* code) {
    std::uint32_t count = 0;
    std::uint32_t entry_size = 0;
    PCRE2_SPTR table = nullptr;
    pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
    pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
    std::vector<Group> groups;
    for (std::uint32_t i = 0; i < count; ++i) {
        const PCRE2_SPTR entry = table + std::size_t{i} * entry_size;
        groups.push_back(
            {.name = reinterpret_cast<const char*>(entry + 2),
             .number = std::size_t{entry[0]} * 256 + entry[1]}
        );
    }
    std::sort(groups.begin(), groups.end(), [](const Group& left, const Group& right) {
        return left.number < right.number;
    });
    return groups;
}

}  // namespace

struct StdoutRows::Content {
    std::unique_ptr<pcre2_code, CodeDeleter> code;
    std::unique_ptr<pcre2_match_data, MatchDeleter> match;
    std::unique_ptr<pcre2_match_context, ContextDeleter> context;
    std::vector<Group> groups;
    std::string line;
    std::vector<Object> rows;
    std::size_t bytes = 0;
    bool overflowed = false;

    void end_line();
};

void StdoutRows::Content::end_line() {
    const std::string text = std::exchange(line, {});
    if (text.empty()) return;
    const int found = pcre2_match(
        code.get(),
        reinterpret_cast<PCRE2_SPTR>(text.data()),
        text.size(),
        0,
        0,
        match.get(),
        context.get()
    );
    if (found < 0) return;
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(match.get());
    Object row;
    for (const Group& group : groups) {
        const PCRE2_SIZE begin = ends[2 * group.number];
        const PCRE2_SIZE end = ends[2 * group.number + 1];
        if (begin == PCRE2_UNSET || end < begin) continue;
        row.emplace_back(group.name, typed_cell(std::string_view(text).substr(begin, end - begin)));
    }
    bytes += format_rows({row}).size();
    overflowed = overflowed || bytes > rows_bytes_max;
    if (!overflowed) rows.push_back(std::move(row));
}

StdoutRows::StdoutRows(std::unique_ptr<Content> content) : content_(std::move(content)) {}

StdoutRows::~StdoutRows() = default;
StdoutRows::StdoutRows(StdoutRows&&) noexcept = default;
StdoutRows& StdoutRows::operator=(StdoutRows&&) noexcept = default;

Result<StdoutRows> StdoutRows::make(const std::string& pattern) {
    int error = 0;
    PCRE2_SIZE at = 0;
    auto content = std::make_unique<Content>();
    content->code.reset(pcre2_compile(
        reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), 0, &error, &at, nullptr
    ));
    if (!content->code) {
        std::array<PCRE2_UCHAR, 256> text{};
        pcre2_get_error_message(error, text.data(), text.size());
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "records.from.stdout = \"{}\": {} at character {}",
                pattern,
                reinterpret_cast<const char*>(text.data()),
                at + 1
            )
        );
    }
    content->groups = groups_of(content->code.get());
    if (content->groups.empty()) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "records.from.stdout = \"{}\" has no named group such as (?<acc>.*)", pattern
            )
        );
    }
    content->match.reset(pcre2_match_data_create_from_pattern(content->code.get(), nullptr));
    content->context.reset(pcre2_match_context_create(nullptr));
    pcre2_set_match_limit(content->context.get(), match_steps_max);
    return StdoutRows(std::move(content));
}

void StdoutRows::add(std::string_view bytes) {
    while (!bytes.empty()) {
        // One byte is found at the speed of memory, the first of two is not.
        const std::size_t newline = std::min(bytes.find('\n'), bytes.size());
        const std::size_t end = std::min(bytes.substr(0, newline).find('\r'), newline);
        std::string& line = content_->line;
        line +=
            bytes.substr(0, std::min(end, line_bytes_max - std::min(line_bytes_max, line.size())));
        if (end == bytes.size()) return;
        content_->end_line();
        bytes.remove_prefix(end + 1);
    }
}

void StdoutRows::finish() {
    content_->end_line();
}

const std::vector<Object>& StdoutRows::rows() const {
    return content_->rows;
}

bool StdoutRows::overflowed() const {
    return content_->overflowed;
}

}  // namespace xorch
