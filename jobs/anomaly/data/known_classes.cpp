#include "jobs/anomaly/data/known_classes.h"

#include <array>

namespace xorch::anomaly {

namespace {

constexpr KnownClass mvtec(std::string_view name, std::string_view family = "object") {
    return {.dataset = "mvtec", .name = name, .family = family};
}

constexpr KnownClass visa(std::string_view name) {
    return {.dataset = "visa", .name = name, .family = "object"};
}

constexpr std::array classes{
    mvtec("bottle"),
    mvtec("cable"),
    mvtec("capsule"),
    mvtec("carpet", "texture"),
    mvtec("grid", "texture"),
    mvtec("hazelnut"),
    mvtec("leather", "texture"),
    mvtec("metal_nut"),
    mvtec("pill"),
    mvtec("screw"),
    mvtec("tile", "texture"),
    mvtec("toothbrush"),
    mvtec("transistor"),
    mvtec("wood", "texture"),
    mvtec("zipper"),
    visa("candle"),
    visa("capsules"),
    visa("cashew"),
    visa("chewinggum"),
    visa("fryum"),
    visa("macaroni1"),
    visa("macaroni2"),
    visa("pcb1"),
    visa("pcb2"),
    visa("pcb3"),
    visa("pcb4"),
    visa("pipe_fryum"),
};

}  // namespace

std::span<const KnownClass> known_classes() {
    return classes;
}

std::string_view family_of(std::string_view dataset, std::string_view class_name) {
    for (const KnownClass& each : classes) {
        if (each.dataset == dataset && each.name == class_name) return each.family;
    }
    return "";
}

}  // namespace xorch::anomaly
