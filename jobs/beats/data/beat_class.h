#pragma once

// Which annotations are beats, and of which class (AAMI's classes, F and Q merged into O). Rhythm
// changes, noise and other marks stand in the same files and are none. Pure.

#include <optional>
#include <string_view>

namespace xorch::beats {

// Index into class_names; nothing = no beat of these classes.
std::optional<int> class_of_symbol(char symbol);

// "N" or "0", "S" or "1", ...
std::optional<int> class_of_name(std::string_view name);

}  // namespace xorch::beats
