// NPY and NPZ.

#include "core/error.h"
#include "jobs/files/npy_array.h"
#include "jobs/files/npy_file.h"
#include "jobs/files/npz_archive.h"
#include "tests/fuzz/fuzz.h"
#include "tests/jobs/files/zip_file.h"

namespace xorch::fuzz {

std::vector<std::string> corpus() {
    const std::string image = npy_header("<u2", {2, 3}) + std::string(12, 'i');
    const std::string numbers = npy_header("<f8", {3}) + std::string(24, 'n');
    const std::string narrow = npy_header("|S5", {2}) + "trainval  ";
    const std::string wide =
        npy_header("<U2", {2}) + std::string("N\0\0\0V\0\0\0S\0\0\0\0\0\0\0", 16);
    return {
        image,
        numbers,
        narrow,
        wide,
        make_zip({{"x.npy", image, true}, {"label.npy", narrow}}
        ),
        make_zip({{"long.npy", numbers + std::string(3000, '\0'), true}                     }
        ),
    };
}

std::size_t rounds() {
    return 100'000;
}

bool try_input(std::string_view bytes) {
    const auto archive = read_npz(bytes);
    if (archive) {
        for (const auto& [name, array] : *archive) {
            if (array != bytes) try_input(array);
        }
    }
    const auto array = view_npy(bytes);
    if (!array) return archive.has_value();
    XORCH_CHECK(
        array->count() * array->element_bytes == array->data.size(), "an array of another size"
    );
    const auto numbers = npy_numbers(*array);
    if (numbers) XORCH_CHECK(numbers->size() == array->count(), "numbers were lost");
    const auto texts = npy_texts(*array);
    if (texts) XORCH_CHECK(texts->size() == array->count(), "texts were lost");
    const auto raster = read_npy(bytes);
    if (raster) XORCH_CHECK(raster->samples.size() == array->count(), "samples were lost");
    return true;
}

}  // namespace xorch::fuzz
