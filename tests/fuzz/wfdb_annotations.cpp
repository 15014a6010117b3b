#include "jobs/beats/data/wfdb_annotations.h"

#include <algorithm>

#include "core/error.h"
#include "tests/fuzz/fuzz.h"

namespace xorch::fuzz {

std::vector<std::string> corpus() {
    std::vector<beats::WfdbAnnotation> annotations{
        {.time = 18,     .code = 28, .text = "(N"},
        {.time = 77,              .code = 1,               .subtype = -1},
        {.time = 77, .code = 8,.channel = 1, .number = 3, .text = "odd"},
        {.time = 5000,     .code = 5,       .channel = 1},
        {.time = 5'000'000'000, .code = 49          },
    };
    return {
        beats::format_wfdb_annotations(annotations),
        beats::format_wfdb_annotations({}),
        std::string(
            "\x12\x70\x03\xfc\x28\x4e\x00\x00\x3b\x04\x00\xec\x00\x00\x58\x02\x00\x00", 18
        )};
}

std::size_t rounds() {
    return 100'000;
}

bool try_input(std::string_view bytes) {
    const auto annotations = beats::parse_wfdb_annotations(bytes);
    if (!annotations) return false;
    // Code 0 cannot be written at every place: there it would end the file.
    const auto writable = [](const beats::WfdbAnnotation& one) { return one.code > 0; };
    if (!std::all_of(annotations->begin(), annotations->end(), writable)) return true;
    const auto again = beats::parse_wfdb_annotations(beats::format_wfdb_annotations(*annotations));
    XORCH_CHECK(again && *again == *annotations, "annotations that were written read as others");
    return true;
}

}  // namespace xorch::fuzz
