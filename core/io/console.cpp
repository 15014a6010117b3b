#include "core/io/console.h"

namespace xorch {

void say_line(std::FILE* to, std::string_view text) {
    // A failed write must not make later ones fail: the disk may have space again.
    std::clearerr(to);
    std::fwrite(text.data(), 1, text.size(), to);
    std::fputc('\n', to);
    std::fflush(to);
}

}  // namespace xorch
