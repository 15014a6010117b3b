#pragma once

// Lines for whoever watches a process: a terminal, a log file. A full disk or a terminal that is
// gone costs the line, never the process: nothing here fails or throws. Any thread.

#include <cstdio>
#include <string_view>

namespace xorch {

// The text and a line end, flushed.
void say_line(std::FILE* to, std::string_view text);

}  // namespace xorch
