#include "jobs/beats/data/wfdb_header.h"

#include "core/error.h"
#include "tests/fuzz/fuzz.h"

namespace xorch::fuzz {

std::vector<std::string> corpus() {
    return {
        "100 2 360 650000\n100.dat 212 200 11 1024 995 -22131 0 MLII\n"
        "100.dat 212 200 11 1024 1011 20052 0 V5\n# 69 M 1085 1629 x1\n",
        "# before\r\n\r\nr 1\r\nr.dat 16\r\n",
        "r 2 128/360(10) 100 12:00:00 25/11/1990\n"
        "r.dat 16x1:0+24 100.5(-7)/uV 16 5 -3 40000 0 lead with spaces\nr.dat 16 0 12 9\n",
    };
}

std::size_t rounds() {
    return 100'000;
}

bool try_input(std::string_view bytes) {
    const auto header = beats::parse_wfdb_header(bytes);
    if (!header) return false;
    const auto again = beats::parse_wfdb_header(beats::format_wfdb_header(*header));
    XORCH_CHECK(again && *again == *header, "a header that was written reads as another one");
    return true;
}

}  // namespace xorch::fuzz
