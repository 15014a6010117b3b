// Beats that somebody else cut, and the folder that they are kept in afterwards.

#include "jobs/beats/data/beat_table.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "jobs/beats/beat_file.h"
#include "jobs/files/npy_array.h"
#include "tests/fuzz/fuzz.h"
#include "tests/jobs/files/zip_file.h"
#include "tests/support/temporary_directory.h"

namespace xorch::fuzz {

namespace {

std::string table() {
    std::string text;
    for (int row = 0; row < 4; ++row) {
        const std::string texts[] = {
            "label,record,split", "N,a,train", "2,b,val", "S,c,generalisation"};
        for (int i = 0; i < beats::window_samples; ++i) {
            text += row == 0 ? "x," : std::to_string(i % (row + 1)) + ",";
        }
        text += texts[row] + "\n";
    }
    return text;
}

std::string archive() {
    const std::string windows = npy_header("|u1", {2, 360}) + std::string(360, 'a') +
                                std::string(180, 'b') + std::string(180, 'c');
    const std::string labels = npy_header("|u1", {2}) + std::string("\0\x03", 2);
    const std::string splits = npy_header("|S5", {2}) + std::string("trainval\0\0", 10);
    return make_zip({
        {"x.npy", windows, true},
        {"label.npy",       labels   },
        {"record.npy",       labels},
        {"split.npy",       splits    }
    });
}

}  // namespace

std::vector<std::string> corpus() {
    return {table(), archive()};
}

std::size_t rounds() {
    return 1'000;
}

bool try_input(std::string_view bytes) {
    static const TemporaryDirectory folder;
    const bool zipped = bytes.substr(0, 2) == "PK";
    std::filesystem::remove(folder / "beats.csv");
    std::filesystem::remove(folder / "beats.npz");
    std::ofstream(folder / (zipped ? "beats.npz" : "beats.csv"), std::ios::binary) << bytes;
    const auto beats = beats::read_beat_table(folder.path());
    if (!beats) {
        XORCH_CHECK(beats.error().message.find(folder.path()) == 0, "an error without its file");
        return false;
    }
    XORCH_CHECK(beats::write_beats(folder / "kept", *beats), "beats that cannot be kept");
    const auto kept = beats::read_beats(folder / "kept");
    XORCH_CHECK(kept && kept->train.windows == beats->train.windows, "beats that are not kept");
    return true;
}

}  // namespace xorch::fuzz
