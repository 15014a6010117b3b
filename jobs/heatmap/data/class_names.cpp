#include "jobs/heatmap/data/class_names.h"

namespace xorch::heatmap {

namespace {

// Lower case, without what separates words.
std::string plain(std::string_view name) {
    std::string letters;
    for (const char c : name) {
        if (c == ' ' || c == '-' || c == '_') continue;
        letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return letters;
}

}  // namespace

std::optional<ClassNumber> match_class(std::string_view name) {
    const std::string wanted = plain(name);
    if (wanted == "golfcourse") return match_class("golffield");
    for (ClassNumber number = 0; number < class_count; ++number) {
        if (plain(name_of(number)) == wanted) return number;
    }
    return std::nullopt;
}

}  // namespace xorch::heatmap
