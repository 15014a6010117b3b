#pragma once

// Short ways to parse texts of sweep files, for the tests of this folder.

#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "coordinator/input/sweep_file.h"
#include "jobs/declaration.h"

namespace xorch {

inline void write(const std::string& file, std::string_view text) {
    std::ofstream(file, std::ios::binary) << text;
}

inline ParseOptions options() {
    ParseOptions result;
    result.file = "a.toml";
    result.directory = "/";
    result.jobs = job_declarations();
    result.missing_paths_allowed = true;
    return result;
}

inline Sweep parse(std::string_view text, const ParseOptions& with = options()) {
    auto sweep = parse_sweep(text, with);
    if (!sweep) throw std::runtime_error(sweep.error().message);
    return std::move(*sweep);
}

inline std::string refusal(std::string_view text, const ParseOptions& with = options()) {
    const auto sweep = parse_sweep(text, with);
    return sweep ? "accepted" : sweep.error().message;
}

// A whole file whose only stage has these lines.
inline std::string stage(const std::string& lines) {
    return "[sweep]\nname = \"s\"\n[[stage]]\nname = \"train\"\n" + lines + "\n";
}

inline std::string command(const std::string& lines) {
    return stage("argv = [\"prog\"]\n" + lines);
}

inline std::string noop(const std::string& lines) {
    return stage("job = \"noop\"\n" + lines);
}

}  // namespace xorch
