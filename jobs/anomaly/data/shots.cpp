#include "jobs/anomaly/data/shots.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "jobs/random/random_stream.h"

namespace xorch::anomaly {

namespace {

constexpr std::string_view blanks = " \t\r";

// Without the line, which `text` goes on after.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

Result<std::size_t> parse_number(std::string_view word) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error == std::errc() && end == word.data() + word.size()) return number;
    return fail(ErrorCode::invalid_input, fmt::format("\"{}\" is no number of an image", word));
}

Result<std::vector<std::size_t>> parse_numbers(std::string_view line, std::size_t count) {
    std::vector<std::size_t> numbers;
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
        const auto number = parse_number(word);
        if (!number) return tl::unexpected(number.error());
        if (*number >= count) {
            return fail(
                ErrorCode::invalid_input, fmt::format("image {} of {} from 0", *number, count)
            );
        }
        if (std::find(numbers.begin(), numbers.end(), *number) != numbers.end()) {
            return fail(ErrorCode::invalid_input, fmt::format("image {} twice", *number));
        }
        numbers.push_back(*number);
    }
    return numbers;
}

}  // namespace

std::vector<std::size_t> draw_shots(
    std::uint64_t seed, std::string_view class_name, std::size_t count, std::size_t shots
) {
    RandomStream random(seed, fmt::format("shots of {}", class_name));
    std::vector<std::size_t> numbers = random.permutation(count);
    numbers.resize(std::min(shots, count));
    return numbers;
}

Result<std::vector<std::size_t>> parse_shots(
    std::string_view text, std::size_t count, std::size_t shots
) {
    const std::string wanted = fmt::format("#{}:", shots);
    while (!text.empty()) {
        std::string_view line = take_line(text);
        if (take_word(line) != wanted) continue;
        auto numbers = parse_numbers(line, count);
        if (!numbers) return fail_with_context(numbers.error(), "line " + wanted);
        if (numbers->size() == shots) return numbers;
        return fail(
            ErrorCode::invalid_input, fmt::format("line {} has {} images", wanted, numbers->size())
        );
    }
    return fail(ErrorCode::not_found, fmt::format("there is no line {}", wanted));
}

}  // namespace xorch::anomaly
