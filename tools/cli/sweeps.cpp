#include "tools/cli/sweeps.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <tuple>

namespace xorch {

namespace {

namespace fs = std::filesystem;

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "20261121_090507"
bool is_stamp(std::string_view text) {
    return text.size() == 15 && text[8] == '_' && all_digits(text.substr(0, 8)) &&
           all_digits(text.substr(9));
}

// A directory that a person named: frozen sweeps only.
bool holds_sweep(const fs::path& directory) {
    std::error_code ignored;
    return fs::is_regular_file(directory / "sweep.toml", ignored) &&
           fs::is_directory(directory / "journal", ignored);
}

std::string absolute_path(const fs::path& path) {
    std::string text = fs::absolute(path).lexically_normal().string();
    while (text.size() > 1 && text.back() == '/') {
        text.pop_back();
    }
    return text;
}

}  // namespace

std::optional<SweepDirectoryName> parse_sweep_directory(std::string_view directory) {
    SweepDirectoryName parts;
    const std::size_t dash = directory.rfind('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const std::string_view last = directory.substr(dash + 1);
    if (!is_stamp(last)) {
        const auto read = std::from_chars(last.data(), last.data() + last.size(), parts.repeat);
        const bool whole = read.ptr == last.data() + last.size() && all_digits(last);
        if (read.ec != std::errc{} || !whole || parts.repeat < 2) return std::nullopt;
        directory = directory.substr(0, dash);
    }
    const std::size_t stamp = directory.rfind('-');
    if (stamp == std::string_view::npos || stamp == 0) return std::nullopt;
    if (!is_stamp(directory.substr(stamp + 1))) return std::nullopt;
    parts.name = directory.substr(0, stamp);
    parts.stamp = directory.substr(stamp + 1);
    return parts;
}

std::vector<FoundSweep> list_sweeps(const std::string& home) {
    std::vector<FoundSweep> sweeps;
    std::error_code error;
    for (fs::directory_iterator it(home, error), end; !error && it != end; it.increment(error)) {
        auto name = parse_sweep_directory(it->path().filename().string());
        if (!name || !holds_sweep(it->path())) continue;
        std::error_code unknown;
        const auto made = fs::last_write_time(it->path() / "sweep.toml", unknown);
        sweeps.push_back(
            {.name = *std::move(name),
             .layout = {absolute_path(it->path())},
             .made_ns = unknown ? 0 : made.time_since_epoch().count()}
        );
    }
    std::sort(sweeps.begin(), sweeps.end(), [](const FoundSweep& left, const FoundSweep& right) {
        const auto age = [](const FoundSweep& sweep) {
            const auto& [name, stamp, repeat] = sweep.name;
            return std::tie(stamp, repeat, sweep.made_ns, name);
        };
        return age(left) > age(right);
    });
    return sweeps;
}

Result<SweepLayout> find_sweep(const std::string& home, const std::string& what) {
    if (!what.empty() && holds_sweep(what)) return SweepLayout{absolute_path(what)};
    const bool is_path = what.find('/') != std::string::npos || what == "." || what == "..";
    if (is_path) {
        return fail(
            ErrorCode::not_found,
            fmt::format(
                "{} is no sweep: it has no sweep.toml and journal\n"
                "`xorch list` shows the sweeps in {}",
                what,
                home
            )
        );
    }
    if (!what.empty() && holds_sweep(fs::path(home) / what)) {
        return SweepLayout{absolute_path(fs::path(home) / what)};
    }
    for (FoundSweep& sweep : list_sweeps(home)) {
        if (what.empty() || sweep.name.name == what) return std::move(sweep.layout);
    }
    if (what.empty()) {
        return fail(
            ErrorCode::not_found,
            fmt::format(
                "there is no sweep in {}\n"
                "name one by its directory, set XORCH_HOME to where your sweeps are, or start one "
                "with `xorch submit`",
                home
            )
        );
    }
    return fail(
        ErrorCode::not_found,
        fmt::format(
            "there is no sweep named {} in {}\n`xorch list` shows what is there; XORCH_HOME says "
            "where to look",
            what,
            home
        )
    );
}

}  // namespace xorch
