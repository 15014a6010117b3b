#include "tools/cli/read/read_sweep.h"

#include <fmt/format.h>

#include <cstdio>

#include "coordinator/report/completeness.h"
#include "coordinator/report/text.h"
#include "tools/cli/sweeps.h"

namespace xorch {

Result<SweepReader> open_named_sweep(Disk& disk, const Context& context, const std::string& sweep) {
    auto layout = find_sweep(context.home, sweep);
    if (!layout) return tl::unexpected(layout.error());
    return SweepReader::open(disk, *std::move(layout));
}

void warn_if_incomplete(const SweepReader& sweep, StageIndex stage) {
    const auto completeness = completeness_of(sweep, stage);
    if (!completeness) return;
    const std::string lack = describe_completeness(*completeness);
    if (!lack.empty()) fmt::print(stderr, "{}\n", escape_for_terminal(lack));
}

void print_lines(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
        std::fputs(line.c_str(), stdout);
        std::fputc('\n', stdout);
    }
}

Result<void> print_bytes(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size()) return {};
    return fail(ErrorCode::no_space, "writing standard output failed");
}

}  // namespace xorch
