#include "jobs/heatmap/data/synthetic.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <numbers>

#include "jobs/files/file_bytes.h"
#include "jobs/files/jpeg_file.h"
#include "jobs/heatmap/data/box.h"
#include "jobs/heatmap/data/voc_annotation.h"
#include "jobs/random/random_stream.h"

namespace xorch::heatmap {

namespace {

namespace fs = std::filesystem;

struct Kind {
    const char* name;
    Colour ground;
    double period;  // of the ground's waves, pixels
    double angle;   // of the waves, radians
    Colour thing;
    int rank;  // the first so many have things that dominate
};

// Things that dominate have colours that no ground has; the others are greyish, and nothing like
// their ground. Images come in this order of classes, so that the first few show both sorts.
constexpr Kind kinds[synthetic_classes] = {
    {"airplane",      {175, 165, 140}, 29, 1.1, {105, 115, 135}, 3},
    {"stadium",       {150, 100, 70},  17, 0.3, {195, 85, 90},   0},
    {"baseballfield", {60, 140, 60},   13, 0.8, {160, 115, 125}, 4},
    {"bridge",        {50, 90, 150},   19, 2.2, {150, 140, 115}, 5},
    {"storagetank",   {110, 120, 90},  11, 1.9, {205, 205, 210}, 1},
    {"harbor",        {40, 140, 150},  9,  1.5, {155, 130, 115}, 6},
    {"tenniscourt",   {90, 70, 110},   23, 2.6, {200, 165, 85},  2},
    {"ship",          {30, 50, 120},   26, 0.1, {155, 140, 125}, 7},
};

struct SplitSize {
    const char* name;
    const char* folder;
    int per_class;
};

std::array<SplitSize, 3> split_sizes(const SyntheticOptions& options) {
    return {
        {{"train", "JPEGImages-trainval", options.training_per_class},
         {"val", "JPEGImages-trainval", 2},
         {"test", "JPEGImages-test", options.test_per_class}}
    };
}

constexpr const char* annotations_folder = "Annotations/Horizontal Bounding Boxes";
constexpr const char* lists_folder = "ImageSets/Main";

constexpr double wave = 14;  // half height of the ground's waves, grey levels
constexpr double grain = 6;  // deviation of every pixel
constexpr double tint = 9;   // deviation of a whole image, by channel: no two days have one light

std::uint8_t level(double value) {
    return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
}

Colour shifted(Colour colour, const std::array<double, 3>& by) {
    return {level(colour.red + by[0]), level(colour.green + by[1]), level(colour.blue + by[2])};
}

// What no two pixels share. Four of them take one draw: there are eleven million pixels.
class Grain {
 public:
    explicit Grain(RandomStream& random) : random_(&random) {}

    double next() {
        if (left_ == 0) {
            bits_ = random_->bits32();
            left_ = 4;
        }
        --left_;
        const double share = (bits_ & 0xFFU) / 127.5 - 1;
        bits_ >>= 8U;
        return grain * share;
    }

 private:
    RandomStream* random_;
    std::uint32_t bits_ = 0;
    int left_ = 0;
};

void draw_ground(Picture& picture, const Kind& kind, RandomStream& random) {
    const double phase = random.uniform(0, 2 * std::numbers::pi);
    const std::array<double, 3> light{
        tint * random.normal(), tint * random.normal(), tint * random.normal()};
    const double along_y = std::sin(kind.angle) * 2 * std::numbers::pi / kind.period;
    const double along_x = std::cos(kind.angle) * 2 * std::numbers::pi / kind.period;
    Grain pixels(random);
    for (int y = 0; y < picture.height; ++y) {
        for (int x = 0; x < picture.width; ++x) {
            const double height = wave * std::sin(phase + along_y * y + along_x * x);
            const double pixel = height + pixels.next();
            picture.at(y, x) =
                shifted(kind.ground, {light[0] + pixel, light[1] + pixel, light[2] + pixel});
        }
    }
}

struct Sides {
    int least;
    int most;  // included
};

// Anywhere in the picture.
Box place_box(Sides sides, RandomStream& random) {
    const auto range = static_cast<std::uint64_t>(sides.most - sides.least + 1);
    const int width = sides.least + static_cast<int>(random.below(range));
    const int height = sides.least + static_cast<int>(random.below(range));
    const auto left =
        static_cast<int>(random.below(static_cast<std::uint64_t>(image_side - width + 1)));
    const auto top =
        static_cast<int>(random.below(static_cast<std::uint64_t>(image_side - height + 1)));
    return {
        static_cast<double>(left),
        static_cast<double>(top),
        static_cast<double>(left + width),
        static_cast<double>(top + height)};
}

void fill(Picture& picture, const Box& box, Colour colour, RandomStream& random) {
    Grain pixels(random);
    for (int y = static_cast<int>(box.top); y < static_cast<int>(box.bottom); ++y) {
        for (int x = static_cast<int>(box.left); x < static_cast<int>(box.right); ++x) {
            const double pixel = pixels.next();
            picture.at(y, x) = shifted(colour, {pixel, pixel, pixel});
        }
    }
}

Colour any_colour(RandomStream& random) {
    return {
        static_cast<std::uint8_t>(random.below(256)),
        static_cast<std::uint8_t>(random.below(256)),
        static_cast<std::uint8_t>(random.below(256))};
}

struct MadeScene {
    Picture picture{image_side, image_side};
    VocAnnotation annotation{.width = image_side, .height = image_side, .objects = {}};
};

MadeScene draw_scene(int number, bool thing_dominates, RandomStream random) {
    constexpr Sides small{40, 110};
    constexpr Sides large{90, 150};
    constexpr Sides distracting{20, 40};
    const Kind& kind = kinds[number];
    MadeScene scene;
    const Kind& ground = thing_dominates ? kinds[random.below(synthetic_classes)] : kind;
    draw_ground(scene.picture, ground, random);
    for (auto left = 1 + random.below(3); left > 0; --left) {
        fill(scene.picture, place_box(distracting, random), any_colour(random), random);
    }
    const Box box = place_box(thing_dominates ? large : small, random);
    fill(scene.picture, box, kind.thing, random);
    scene.annotation.objects.push_back(
        {.name = kind.name,
         .xmin = static_cast<int>(box.left) + 1,
         .ymin = static_cast<int>(box.top) + 1,
         .xmax = static_cast<int>(box.right),
         .ymax = static_cast<int>(box.bottom)}
    );
    return scene;
}

Result<void> write_scene(
    const fs::path& root, const SplitSize& split, int id, const MadeScene& scene
) {
    const std::string name = fmt::format("{:05}", id);
    const fs::path image = root / split.folder / (name + ".jpg");
    if (auto written = write_jpeg(image.string(), scene.picture); !written) return written;
    const fs::path annotation = root / annotations_folder / (name + ".xml");
    const auto written =
        write_bytes(annotation.string(), {format_voc(scene.annotation, image.filename().string())});
    if (!written) return fail_with_context(written.error(), annotation.string());
    return {};
}

Result<void> make_folders(const fs::path& root) {
    for (const char* name :
         {"JPEGImages-trainval", "JPEGImages-test", annotations_folder, lists_folder}) {
        std::error_code error;
        fs::create_directories(root / name, error);
        if (error) return fail_from_errno("making " + (root / name).string(), error.value());
    }
    return {};
}

}  // namespace

Result<void> make_scenes(const std::string& directory, const SyntheticOptions& options) {
    const fs::path root(directory);
    if (auto made = make_folders(root); !made) return made;
    int id = 0;
    for (const SplitSize& split : split_sizes(options)) {
        std::string list;
        for (int i = 0; i < split.per_class * synthetic_classes; ++i) {
            const int kind = i % synthetic_classes;
            list += fmt::format("{:05}\n", ++id);
            const MadeScene scene = draw_scene(
                kind,
                kinds[kind].rank < options.object_classes,
                RandomStream(options.seed, "scene", {id})
            );
            if (auto ok = write_scene(root, split, id, scene); !ok) return ok;
        }
        const fs::path path = root / lists_folder / (std::string(split.name) + ".txt");
        if (auto written = write_bytes(path.string(), {list}); !written) {
            return fail_with_context(written.error(), path.string());
        }
    }
    return {};
}

Result<void> make_scenes(const std::string& directory, std::uint64_t seed) {
    return make_scenes(directory, SyntheticOptions{.seed = seed});
}

}  // namespace xorch::heatmap
