#include "jobs/anomaly/data/class_writer.h"

#include <fmt/core.h>

#include <filesystem>

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
std::string image_path(const MadeClass& made, const KindOfImage& kind, int number) {
    const char* below = kind.defect == none ? "good" : "bad";
    return made.layout == ClassLayout::visa
               ? fmt::format("{}/{}/{}/{:03}.JPG", made.folder, kind.part, below, number)
               : fmt::format("{}/{}/{}/{:03}.png", made.folder, kind.part, kind.folder, number);
}

std::string mask_path(const MadeClass& made, const KindOfImage& kind, int number) {
    return made.layout == ClassLayout::visa
               ? fmt::format("{}/ground_truth/bad/{:03}.png", made.folder, number)
               : fmt::format("{}/ground_truth/{}/{:03}_mask.png", made.folder, kind.folder, number);
}

Result<void> make_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail_from_errno("making " + folder, error.value());
    return {};
}

Result<void> write_image(ClassLayout layout, const std::string& path, const Picture& picture) {
    if (auto made = make_folder_of(path); !made) return made;
    return layout == ClassLayout::visa ? write_jpeg(path, picture) : write_png(path, picture);
}

Result<void> write_mask(const std::string& path, const TruthMask& mask) {
    Picture picture(mask.height, mask.width);
    for (std::size_t i = 0; i < mask.values.size(); ++i) {
        if (mask.values[i] != 0) picture.values[i] = {255, 255, 255};
    }
    if (auto made = make_folder_of(path); !made) return made;
    return write_png(path, picture);
}

}  // namespace

Result<void> write_class(
    const MadeClass& made, const std::function<Painting(const WantedImage& wanted)>& paint_one
) {
    int bad = 0;  // so far, of any kind
    std::int64_t number = 0;
    for (const KindOfImage& kind : made.texture ? kinds_of_surfaces : kinds_of_parts) {
        const bool train = kind.part == std::string_view("train");
        for (int i = 0; i < kind.count; ++i) {
            const Painting painted =
                paint_one({.defect = kind.defect, .train = train, .number = number++});
            const bool counts_on = made.layout == ClassLayout::visa && kind.defect != none;
            const int place = counts_on ? bad++ : i;
            auto written = write_image(made.layout, image_path(made, kind, place), painted.picture);
            if (!written) return written;
            if (kind.defect == none) continue;
            written = write_mask(mask_path(made, kind, place), painted.mask);
            if (!written) return written;
        }
    }
    return {};
}

}  // namespace xorch::anomaly
