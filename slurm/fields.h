#pragma once

// Cutting what Slurm's commands print into pieces. Internal to slurm/. Pure.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace xorch {

// All pieces between separators, empty ones too; at most `most`, the last of which keeps further
// separators.
std::vector<std::string_view> split_fields(
    std::string_view text, char separator, std::size_t most = SIZE_MAX
);

// Lines without their ends; empty ones are left out.
std::vector<std::string_view> split_lines(std::string_view text);

// Without white space at both ends.
std::string_view trim_field(std::string_view text);

// The whole text as a decimal number without a sign.
std::optional<std::uint64_t> parse_count(std::string_view text);

// Whether `text` contains `part`, whatever the case of ASCII letters; `part` is in lower case.
bool mentions_word(std::string_view text, std::string_view part);

// Letters, digits, '.', '_' and '-', but no '-' first, at most 255: what can stand in a list of
// names of nodes, jobs or users without becoming an option or a second name.
bool is_plain_word(std::string_view text);

// Short enough for a message, without control characters.
std::string_view first_line(std::string_view text);

}  // namespace xorch
