#include "core/io/console.h"

#include <string>

namespace xorch {

void say_line(std::FILE* to, std::string_view text) {
    // One write, so that lines of several processes do not mix in one log.
    const std::string line = std::string(text) + "\n";
    // A failed write must not make later ones fail: the disk may have space again.
    std::clearerr(to);
    std::fwrite(line.data(), 1, line.size(), to);
    std::fflush(to);
}

}  // namespace xorch
