#include "jobs/beats/data/beat_class.h"

#include <array>
#include <cstddef>

#include "jobs/beats/beat_set.h"

namespace xorch::beats {

namespace {

// In the order of class_names. N: normal, bundle branch blocks, escape beats; O: fusion, paced and
// unclassifiable beats.
constexpr std::array<std::string_view, class_count> symbols_of_class{"NLRej", "AaJS", "VE", "F/fQ"};

}  // namespace

std::optional<int> class_of_symbol(char symbol) {
    for (std::size_t index = 0; index < symbols_of_class.size(); ++index) {
        if (symbols_of_class[index].find(symbol) != std::string_view::npos) {
            return static_cast<int>(index);
        }
    }
    return std::nullopt;
}

std::optional<int> class_of_name(std::string_view name) {
    for (int index = 0; index < class_count; ++index) {
        if (name == class_names[static_cast<std::size_t>(index)]) return index;
        if (name.size() == 1 && name[0] == '0' + index) return index;
    }
    return std::nullopt;
}

}  // namespace xorch::beats
