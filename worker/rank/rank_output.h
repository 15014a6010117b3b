#pragma once

// What a rank prints, on its way to the launcher: rank 0 as it is, the others line by line behind
// their number on standard error, so that rows and logs can be told apart. Keeps the last of it.
// One thread.

#include <string>
#include <string_view>

#include "core/io/descriptor.h"

namespace xorch {

class RankStream {
 public:
    // Reads `from` and writes to the descriptor `to`; a prefix that is not empty goes before every
    // line.
    RankStream(Descriptor from, int to, std::string prefix)
        : from_(std::move(from)), to_(to), prefix_(std::move(prefix)) {}

    // -1 at its end.
    int descriptor() const { return from_.number(); }

    // Passes on what is there; appends it to `recent`, which is cut to what a report needs. False
    // if there was nothing.
    bool pass_on(std::string& recent);

    // A last line without its end.
    void flush();

 private:
    void write_lines(std::string_view bytes);

    Descriptor from_;
    int to_;
    std::string prefix_;
    std::string line_;  // begun and not ended; only with a prefix
};

}  // namespace xorch
