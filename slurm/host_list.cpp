#include "slurm/host_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "slurm/fields.h"

namespace xorch {

namespace {

constexpr std::size_t digits_max = 9;

class Expansion {
 public:
    Expansion(std::string_view text, std::size_t most) : text_(text), most_(most) {}

    Result<std::vector<std::string>> run() {
        for (const std::string_view item : items()) {
            if (!problem_.empty() || !expand(item)) break;
        }
        if (problem_.empty()) return std::move(names_);
        return fail(
            ErrorCode::invalid_input,
            fmt::format("\"{}\" is no list of nodes: {}", first_line(text_), problem_)
        );
    }

 private:
    // What stands between the commas outside brackets.
    std::vector<std::string_view> items() {
        std::vector<std::string_view> result;
        bool inside = false;
        std::size_t begin = 0;
        for (std::size_t i = 0; i < text_.size(); ++i) {
            if (text_[i] == '[' || text_[i] == ']') {
                if (inside == (text_[i] == '[')) problem_ = "its brackets do not match";
                inside = text_[i] == '[';
            }
            if (text_[i] != ',' || inside) continue;
            result.push_back(text_.substr(begin, i - begin));
            begin = i + 1;
        }
        if (inside) problem_ = "its brackets do not match";
        result.push_back(text_.substr(begin));
        return result;
    }

    bool complain(std::string problem) {
        problem_ = std::move(problem);
        return false;
    }

    // One item with any number of brackets: each multiplies the names before it.
    bool expand(std::string_view item) {
        std::vector<std::string> names{""};
        while (!item.empty()) {
            const std::size_t open = std::min(item.find('['), item.size());
            for (std::string& name : names)
                name += item.substr(0, open);
            item.remove_prefix(open);
            if (item.empty()) break;
            const std::size_t close = item.find(']');
            const auto numbers = expand_numbers(item.substr(1, close - 1));
            if (!numbers) return false;
            if (names.size() * numbers->size() > most_) return complain(too_many());
            std::vector<std::string> longer;
            for (const std::string& name : names) {
                for (const std::string& number : *numbers)
                    longer.push_back(name + number);
            }
            names = std::move(longer);
            item.remove_prefix(close + 1);
        }
        // They differ in digits only, and the last is the longest.
        if (!is_plain_word(names.back())) return complain("it has something that is no name");
        if (names_.size() + names.size() > most_) return complain(too_many());
        std::move(names.begin(), names.end(), std::back_inserter(names_));
        return true;
    }

    // "1-3,07" -> 1 2 3 07
    std::optional<std::vector<std::string>> expand_numbers(std::string_view ranges) {
        std::vector<std::string> numbers;
        for (const std::string_view range : split_fields(ranges, ',')) {
            const std::size_t dash = range.find('-');
            const std::string_view first = range.substr(0, dash);
            const std::string_view last =
                dash == std::string_view::npos ? first : range.substr(dash + 1);
            const auto from = parse_count(first);
            const auto to = parse_count(last);
            const bool numeric = from && to && std::max(first.size(), last.size()) <= digits_max;
            if (!numeric || *from > *to) {
                complain(fmt::format("\"{}\" is no range of numbers", first_line(range)));
                return std::nullopt;
            }
            if (numbers.size() + (*to - *from) >= most_) {
                complain(too_many());
                return std::nullopt;
            }
            for (std::uint64_t number = *from; number <= *to; ++number)
                numbers.push_back(fmt::format("{:0{}}", number, first.size()));
        }
        return numbers;
    }

    std::string too_many() const { return fmt::format("it names more than {} nodes", most_); }

    std::string_view text_;
    std::size_t most_;
    std::vector<std::string> names_;
    std::string problem_;
};

}  // namespace

Result<std::vector<std::string>> expand_host_list(std::string_view text, std::size_t most) {
    text = trim_field(text);
    for (const std::string_view none : {"", "(null)", "n/a", "N/A", "None assigned", "None"}) {
        if (text == none) return std::vector<std::string>{};
    }
    return Expansion(text, most).run();
}

}  // namespace xorch
