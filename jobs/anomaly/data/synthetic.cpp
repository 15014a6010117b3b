#include "jobs/anomaly/data/synthetic.h"

#include <fmt/core.h>

#include "jobs/anomaly/data/class_writer.h"
#include "jobs/anomaly/data/known_classes.h"

namespace xorch::anomaly {

namespace {

Result<void> make_class(const std::string& directory, const KnownClass& known, std::uint64_t seed) {
    const std::string name = fmt::format("{}/{}", known.dataset, known.name);
    const bool visa = known.dataset == "visa";
    const MadeClass made{
        .folder = directory + "/" + name,
        .layout = visa ? ClassLayout::visa : ClassLayout::mvtec,
        .texture = known.family == "texture"};
    const ClassStyle style =
        draw_style(RandomStream(seed, "style of " + name), made.texture, visa ? 2 : 1);
    return write_class(made, [&](const WantedImage& wanted) {
        return paint(style, wanted.defect, {seed, "image of " + name, {wanted.number}});
    });
}

}  // namespace

Result<void> make_anomalies(const std::string& directory, std::uint64_t seed) {
    for (const KnownClass& known : known_classes()) {
        if (auto made = make_class(directory, known, seed); !made) return made;
    }
    return {};
}

Painting paint_auxiliary(std::uint64_t seed, std::int64_t number) {
    RandomStream random(seed, "kind of auxiliary image", {number});
    const auto index = static_cast<int>(random.below(auxiliary_classes));
    const ClassStyle style =
        draw_style(RandomStream(seed, "auxiliary style", {index}), false, 1 + index % 2);
    const DefectKind defect = number % 2 == 0      ? DefectKind::none
                              : random.chance(0.5) ? DefectKind::blob
                                                   : DefectKind::scratch;
    return paint(style, defect, {seed, "auxiliary image", {number}});
}

}  // namespace xorch::anomaly
