#include "coordinator/input/complaints.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "core/json.h"

namespace xorch {

namespace {

// More would push the first, which is the cause of most others, off the screen.
constexpr std::size_t shown_max = 20;
// As many names as fit a line or two.
constexpr std::size_t listed_max = 24;

// Edits between two short words, a swap of neighbours counting as one.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

}  // namespace

std::uint32_t Complaints::add_file(std::string name) {
    files_.push_back(std::move(name));
    return static_cast<std::uint32_t>(files_.size() - 1);
}

void Complaints::add(SourcePlace place, std::string_view message) {
    messages_.emplace_back(place, fmt::format("{}: {}", describe(place), message));
}

void Complaints::add_unknown(
    SourcePlace place, const UnknownName& unknown, std::span<const std::string> candidates
) {
    // It can be as long as the file.
    constexpr std::size_t name_shown_max = 80;
    const std::string name = format_json(Value(unknown.name.substr(0, name_shown_max)));
    add(place,
        fmt::format(
            "{} {}{}{}", unknown.before, name, unknown.after, suggest(unknown.name, candidates)
        ));
}

std::string Complaints::describe(SourcePlace place) const {
    const std::string& file = files_[place.file];
    return place.line == 0 ? file : fmt::format("{}:{}:{}", file, place.line, place.column);
}

Error Complaints::error() const {
    std::vector<std::pair<SourcePlace, std::string>> sorted = messages_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
        return std::tie(a.first.file, a.first.line, a.first.column) <
               std::tie(b.first.file, b.first.line, b.first.column);
    });
    std::string text;
    for (std::size_t i = 0; i < std::min(sorted.size(), shown_max); ++i)
        text += (i == 0 ? "" : "\n") + sorted[i].second;
    if (sorted.size() > shown_max) {
        text += fmt::format("\nand {} more", sorted.size() - shown_max);
    }
    return {ErrorCode::invalid_input, text};
}

std::string suggest(std::string_view name, std::span<const std::string> candidates) {
    const std::string* nearest = nullptr;
    std::size_t best = std::max<std::size_t>(2, name.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        // Names can be long and hostile; nobody mistypes more than this.
        if (candidate.size() > 64 || name.size() > 64) continue;
        const std::size_t edits = distance(name, candidate);
        if (edits < best) {
            best = edits;
            nearest = &candidate;
        }
    }
    if (nearest != nullptr) return fmt::format("; did you mean \"{}\"?", *nearest);
    if (candidates.empty()) return "";
    const auto shown = candidates.first(std::min(candidates.size(), listed_max));
    return fmt::format("; there are: {}", fmt::join(shown, ", "));
}

}  // namespace xorch
