#pragma once

// The classes of the two public data sets, and of which family each is: textures look alike
// everywhere, objects have a place.

#include <span>
#include <string_view>

namespace xorch::anomaly {

struct KnownClass {
    std::string_view dataset;  // "mvtec" or "visa"
    std::string_view name;
    std::string_view family;  // "texture" or "object"
};

// 15 of MVTec AD, then 12 of VisA.
std::span<const KnownClass> known_classes();

// "" for a class of the user's own.
std::string_view family_of(std::string_view dataset, std::string_view class_name);

}  // namespace xorch::anomaly
