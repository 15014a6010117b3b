// Header, samples and annotations together: the first two bytes of an input say how long the first
// two files are.

#include "jobs/beats/data/wfdb_record.h"

#include <algorithm>
#include <cstdint>
#include <fstream>

#include "core/error.h"
#include "jobs/beats/beat_set.h"
#include "jobs/beats/data/beat_cutter.h"
#include "jobs/beats/data/wfdb_samples.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/temporary_directory.h"

namespace xorch::fuzz {

namespace {

std::string together(const std::string& header, const std::string& samples) {
    const std::string annotations = beats::format_wfdb_annotations({
        {.time = 5,   .code = 28},
        {.time = 200, .code = 1 },
        {.time = 210, .code = 5 }
    });
    return static_cast<char>(header.size()) +
           std::string(1, static_cast<char>(samples.size() / 4)) + header + samples + annotations;
}

std::vector<std::int16_t> ramp(std::int16_t count) {
    std::vector<std::int16_t> samples;
    for (std::int16_t i = 0; i < count; ++i) {
        samples.push_back(i);
    }
    return samples;
}

}  // namespace

std::vector<std::string> corpus() {
    return {
        together(
            "r 1 360\nr.dat 212 200 11 0\n", encode_wfdb(beats::WfdbFormat::packed_12, ramp(400))
        ),
        together(
            "r 1 360 400\nr.dat 16 200 11 0 0 14264 0 MLII\n",
            encode_wfdb(beats::WfdbFormat::plain_16, ramp(400))
        ),
        together("r 2 360 100\nr.dat 212\nr.dat 212\n", std::string(300, 'x')),
    };
}

std::size_t rounds() {
    return 1'500;
}

bool try_input(std::string_view bytes) {
    static const TemporaryDirectory folder;
    const auto size_at = [&bytes](std::size_t at) {
        return at < bytes.size() ? std::size_t{static_cast<unsigned char>(bytes[at])} : 0;
    };
    std::size_t sizes[] = {size_at(0), 4 * size_at(1), bytes.size()};
    bytes.remove_prefix(std::min<std::size_t>(2, bytes.size()));
    const char* endings[] = {".hea", ".dat", ".atr"};
    for (int i = 0; i < 3; ++i) {
        const std::size_t size = std::min(sizes[i], bytes.size());
        std::ofstream(folder / (std::string("r") + endings[i]), std::ios::binary)
            << bytes.substr(0, size);
        bytes.remove_prefix(size);
    }
    const auto record = beats::read_wfdb(folder.path(), "r");
    if (!record) {
        XORCH_CHECK(record.error().message.find(folder.path()) == 0, "an error without its file");
        return false;
    }
    const auto beats = beats::cut_beats(*record, {.marks_as_other = true});
    if (!beats) return true;
    const auto in_range = [](float value) { return value >= -1.0F && value <= 1.0F; };
    XORCH_CHECK(
        std::all_of(beats->windows.begin(), beats->windows.end(), in_range),
        "a sample that is not in [-1, 1]"
    );
    return true;
}

}  // namespace xorch::fuzz
