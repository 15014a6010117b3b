#include "coordinator/input/adhoc.h"

#include <fmt/format.h>

#include <filesystem>

#include "coordinator/input/document.h"
#include "coordinator/input/schema.h"
#include "core/json.h"

namespace xorch {

namespace {

constexpr std::size_t name_length_max = 48;

tl::unexpected<Error> refuse(std::string message) {
    return fail(ErrorCode::usage, std::move(message));
}

// At commas outside double quotes.
std::vector<std::string> split_values(std::string_view text) {
    std::vector<std::string> values(1);
    bool quoted = false;
    for (const char byte : text) {
        if (byte == '"') quoted = !quoted;
        if (byte == ',' && !quoted) {
            values.emplace_back();
        } else {
            values.back().push_back(byte);
        }
    }
    return values;
}

// TOML of one scalar: the text itself if it is one, else a string.
std::string spell(const std::string& text) {
    const auto parsed = parse_toml("value = " + text + "\n", 0);
    const bool scalar = parsed && parsed->members.size() == 1 &&
                        parsed->members.front().node.kind == NodeKind::scalar;
    return scalar ? text : format_toml_string(text);
}

// Named after the script, or else the program.
std::string name_of(const std::vector<std::string>& argv) {
    std::string name = std::filesystem::path(argv.front()).stem().string();
    for (const std::string& argument : argv) {
        const std::filesystem::path path(argument);
        const std::string extension = path.extension().string();
        if (extension != ".py" && extension != ".sh" && extension != ".R") continue;
        name = path.stem().string();
        break;
    }
    for (char& byte : name) {
        if (!is_name(std::string_view(&byte, 1))) byte = '_';
    }
    name = name.substr(0, name_length_max);
    return name.empty() ? "adhoc" : name;
}

}  // namespace

Result<std::string> read_adhoc(
    const std::vector<std::string>& axes, const std::vector<std::string>& argv
) {
    if (argv.empty()) {
        return refuse("no command; write it after --: xorch submit --axis lr=0.1,0.2 -- prog {lr}");
    }
    std::string text = fmt::format(
        "[sweep]\nname = {}\n\n[[stage]]\nname = \"run\"\n", format_toml_string(name_of(argv))
    );
    std::vector<std::string> arguments;
    for (const std::string& argument : argv)
        arguments.push_back(format_toml_string(argument));
    text += fmt::format("argv = [{}]\n", fmt::join(arguments, ", "));
    std::vector<std::string> by;
    for (const std::string& axis : axes) {
        const std::size_t equals = axis.find('=');
        const std::string name = axis.substr(0, equals);
        if (equals == std::string::npos || equals + 1 == axis.size() || !is_name(name)) {
            return refuse(fmt::format(
                "--axis {}: write name=value,value, for example --axis lr=1e-4,1e-3",
                format_json(Value(axis))
            ));
        }
        std::vector<std::string> values;
        for (const std::string& value : split_values(std::string_view(axis).substr(equals + 1)))
            values.push_back(spell(value));
        text += fmt::format(
            "axes.{} = {{ values = [{}] }}\n", format_toml_string(name), fmt::join(values, ", ")
        );
        // Over seeds one wants the mean, over everything else the difference.
        if (name != "seed") by.push_back(format_toml_string(name));
    }
    text += fmt::format("\n[summary]\nby = [{}]\n", fmt::join(by, ", "));
    if (const auto parsed = parse_toml(text, 0); !parsed) {
        return refuse("the command line is not UTF-8: " + parsed.error().message);
    }
    return text;
}

}  // namespace xorch
