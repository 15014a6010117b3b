#include "jobs/anomaly/data/synthetic.h"

#include <fmt/core.h>

#include <filesystem>

#include "jobs/anomaly/data/known_classes.h"
#include "jobs/files/jpeg_file.h"
#include "jobs/files/png_file.h"

namespace xorch::anomaly {

namespace {

constexpr int train_images = 4;
constexpr int test_images = 10;  // of each kind

struct KindOfImage {
    const char* part;    // folder: train or test
    const char* folder;  // below
    DefectKind defect;
    int count;
};

using enum DefectKind;

constexpr KindOfImage kinds_of_parts[] = {
    {"train", "good",    none,    train_images   },
    {"test",  "good",    none,    test_images    },
    {"test",  "blob",    blob,    test_images / 2},
    {"test",  "scratch", scratch, test_images / 2},
};

constexpr KindOfImage kinds_of_surfaces[] = {
    {"train", "good",   none,   train_images   },
    {"test",  "good",   none,   test_images    },
    {"test",  "turned", turned, test_images / 2},
    {"test",  "scaled", scaled, test_images / 2},
};

// VisA has one folder for all defects; the numbers of the second kind go on after the first.
struct Place {
    std::string folder;  // of the class
    bool visa = false;

    std::string image(const KindOfImage& kind, int number) const {
        if (!visa) return fmt::format("{}/{}/{}/{:03}.png", folder, kind.part, kind.folder, number);
        const char* below = kind.defect == none ? "good" : "bad";
        return fmt::format("{}/{}/{}/{:03}.JPG", folder, kind.part, below, number);
    }

    std::string mask(const KindOfImage& kind, int number) const {
        if (visa) return fmt::format("{}/ground_truth/bad/{:03}.png", folder, number);
        return fmt::format("{}/ground_truth/{}/{:03}_mask.png", folder, kind.folder, number);
    }
};

Result<void> make_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail_from_errno("making " + folder, error.value());
    return {};
}

Result<void> write_image(const Place& place, const std::string& path, const Picture& picture) {
    if (auto made = make_folder_of(path); !made) return made;
    return place.visa ? write_jpeg(path, picture) : write_png(path, picture);
}

Result<void> write_mask(const std::string& path, const TruthMask& mask) {
    Picture picture(mask.height, mask.width);
    for (std::size_t i = 0; i < mask.values.size(); ++i) {
        if (mask.values[i] != 0) picture.values[i] = {255, 255, 255};
    }
    if (auto made = make_folder_of(path); !made) return made;
    return write_png(path, picture);
}

Result<void> make_class(const std::string& directory, const KnownClass& known, std::uint64_t seed) {
    const std::string name = fmt::format("{}/{}", known.dataset, known.name);
    const Place place{.folder = directory + "/" + name, .visa = known.dataset == "visa"};
    const bool texture = known.family == "texture";
    const ClassStyle style =
        draw_style(RandomStream(seed, "style of " + name), texture, place.visa ? 2 : 1);
    int bad = 0;  // so far, of any kind
    std::int64_t item = 0;
    for (const KindOfImage& kind : texture ? kinds_of_surfaces : kinds_of_parts) {
        for (int i = 0; i < kind.count; ++i) {
            const Painting made = paint(style, kind.defect, {seed, "image of " + name, {item++}});
            const int number = place.visa && kind.defect != none ? bad++ : i;
            auto written = write_image(place, place.image(kind, number), made.picture);
            if (!written) return written;
            if (kind.defect == none) continue;
            written = write_mask(place.mask(kind, number), made.mask);
            if (!written) return written;
        }
    }
    return {};
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
    const DefectKind defect = number % 2 == 0 ? none : random.chance(0.5) ? blob : scratch;
    return paint(style, defect, {seed, "auxiliary image", {number}});
}

}  // namespace xorch::anomaly
