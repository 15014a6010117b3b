#include "coordinator/input/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <array>
#include <map>
#include <memory>

#include "core/json.h"

namespace xorch {

namespace {

struct FreeCode {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};

}  // namespace

Result<std::vector<std::string>> pattern_groups(std::string_view pattern) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    const auto* text = reinterpret_cast<PCRE2_SPTR>(pattern.data());
    const std::unique_ptr<pcre2_code, FreeCode> code(
        pcre2_compile(text, pattern.size(), PCRE2_UTF, &error, &offset, nullptr)
    );
    if (!code) {
        std::array<PCRE2_UCHAR, 256> message{};
        pcre2_get_error_message(error, message.data(), message.size());
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "no regular expression: {} (at character {} of {})",
                reinterpret_cast<const char*>(message.data()),
                offset,
                format_json(Value(pattern))
            )
        );
    }
    std::uint32_t count = 0;
    std::uint32_t entry_size = 0;
    PCRE2_SPTR table = nullptr;
    pcre2_pattern_info(code.get(), PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(code.get(), PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
    pcre2_pattern_info(code.get(), PCRE2_INFO_NAMETABLE, &table);
    if (count == 0) {
        return fail(
            ErrorCode::invalid_input,
            "the pattern names no column; write a group such as val_acc=(?<acc>.*)"
        );
    }
    // An entry: the group's number in two bytes, then its name, ended by a zero.
    std::map<unsigned, std::string> names;
    for (std::uint32_t i = 0; i < count; ++i) {
        const PCRE2_SPTR entry = table + std::size_t{i} * entry_size;
        names[entry[0] * 256U + entry[1]] = reinterpret_cast<const char*>(entry + 2);
    }
    std::vector<std::string> columns;
    for (auto& [number, name] : names)
        columns.push_back(std::move(name));
    return columns;
}

}  // namespace xorch
