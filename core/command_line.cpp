#include "core/command_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/json.h"

namespace xorch {

namespace {

// A template cut at its placeholders: literal text and names alternate, text first.
struct Piece {
    std::string text;
    std::string name;  // empty: only the last piece
};

tl::unexpected<Error> refuse(std::string_view text, std::string_view problem) {
    return fail(ErrorCode::invalid_input, fmt::format("\"{}\": {}", text, problem));
}

Result<std::vector<Piece>> cut(std::string_view text, bool shell) {
    std::vector<Piece> pieces(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char byte = text[i];
        const bool doubled = i + 1 < text.size() && text[i + 1] == byte;
        if (shell && byte == '$' && i + 1 < text.size() && text[i + 1] == '{') {
            const std::size_t end = text.find('}', i);
            if (end == std::string_view::npos) return refuse(text, "a ${ is not closed");
            pieces.back().text += text.substr(i, end - i + 1);
            i = end;
        } else if ((byte == '{' || byte == '}') && doubled) {
            pieces.back().text.push_back(byte);
            ++i;
        } else if (byte == '{') {
            const std::size_t end = text.find('}', i);
            if (end == std::string_view::npos) {
                return refuse(text, "a { is not closed; write {{ for a brace");
            }
            pieces.back().name = text.substr(i + 1, end - i - 1);
            if (pieces.back().name.empty()) {
                return refuse(text, "{} names nothing; write {{}} for braces");
            }
            pieces.emplace_back();
            i = end;
        } else if (byte == '}') {
            return refuse(text, "a } closes nothing; write }} for a brace");
        } else {
            pieces.back().text.push_back(byte);
        }
    }
    return pieces;
}

Result<std::string> input_folder(std::string_view name, const CommandContext& context) {
    const std::string_view stage = name.substr(7, name.size() - 7 - 4);
    std::string found;
    std::size_t count = 0;
    for (const InputFolder& input : context.inputs) {
        if (input.stage != stage) continue;
        found = input.directory;
        ++count;
    }
    if (count == 1) return found;
    if (count == 0) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("{{{}}}: this unit has no input of stage \"{}\" (needs)", name, stage)
        );
    }
    return fail(
        ErrorCode::invalid_input,
        fmt::format(
            "{{{}}}: this unit has {} inputs of stage \"{}\"; read them from $XORCH_INPUTS",
            name,
            count,
            stage
        )
    );
}

Result<std::string> value_of(const std::string& name, const CommandContext& context) {
    if (const Value* value = find_member(context.params, name)) return format_plain(*value);
    if (name == "code" && context.code.empty()) {
        return fail(ErrorCode::invalid_input, "{code}: the stage declares no code");
    }
    if (name == "code") return context.code;
    if (name == "out") return context.out;
    if (name == "checkpoint") return context.checkpoint;
    if (name == "resume") return context.resume;
    if (name == "seed") return std::to_string(context.seed);
    if (name.starts_with("inputs.") && name.ends_with(".dir") && name.size() > 11) {
        return input_folder(name, context);
    }
    std::string known;
    for (const Member& member : context.params)
        known += member.first + " ";
    return fail(
        ErrorCode::invalid_input,
        fmt::format(
            "unknown placeholder {{{}}}; there are: {}code out checkpoint resume seed "
            "inputs.<stage>.dir",
            name,
            known
        )
    );
}

Result<std::string> check_no_zero_byte(std::string text, std::string_view where) {
    if (text.find('\0') != std::string::npos) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("{}: a value with a zero byte cannot be an argument", where)
        );
    }
    return text;
}

Result<std::string> fill(const std::string& text, const CommandContext& context) {
    auto pieces = cut(text, false);
    if (!pieces) return tl::unexpected(pieces.error());
    std::string filled;
    for (const Piece& piece : *pieces) {
        filled += piece.text;
        if (piece.name.empty()) continue;
        auto value = value_of(piece.name, context);
        if (!value) return fail_with_context(value.error(), fmt::format("argv \"{}\"", text));
        filled += *value;
    }
    return check_no_zero_byte(std::move(filled), text);
}

// Where in a shell text we are, as far as quoting goes.
enum class Quote { none, in_double, in_single };

Quote quote_after(Quote quote, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char byte = text[i];
        if (byte == '\\' && quote != Quote::in_single) {
            ++i;
        } else if (byte == '"' && quote != Quote::in_single) {
            quote = quote == Quote::in_double ? Quote::none : Quote::in_double;
        } else if (byte == '\'' && quote != Quote::in_double) {
            quote = quote == Quote::in_single ? Quote::none : Quote::in_single;
        }
    }
    return quote;
}

// Values are handed over as $1, $2, ...: the shell never parses them.
Result<std::vector<std::string>> shell_line(
    const std::string& text, const CommandContext& context
) {
    auto pieces = cut(text, true);
    if (!pieces) return tl::unexpected(pieces.error());
    std::string script;
    std::vector<std::string> values;
    Quote quote = Quote::none;
    for (const Piece& piece : *pieces) {
        script += piece.text;
        quote = quote_after(quote, piece.text);
        if (piece.name.empty()) continue;
        auto value = value_of(piece.name, context);
        if (!value) return tl::unexpected(value.error());
        auto checked = check_no_zero_byte(std::move(*value), piece.name);
        if (!checked) return tl::unexpected(checked.error());
        values.push_back(std::move(*checked));
        const std::string reference = fmt::format("${{{}}}", values.size());
        script += quote == Quote::in_double   ? reference
                  : quote == Quote::in_single ? "'\"" + reference + "\"'"
                                              : "\"" + reference + "\"";
    }
    std::vector<std::string> line{"/bin/sh", "-c", std::move(script), "sh"};
    line.insert(line.end(), values.begin(), values.end());
    return line;
}

bool is_plain_for_hydra(std::string_view text) {
    const auto plain = [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') ||
               std::string_view("_-./+@%?|").find(byte) != std::string_view::npos;
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), plain);
}

// Hydra reads bare words as numbers, booleans and null where they look like it.
bool looks_like_another_type(const std::string& text) {
    std::string lower = text;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char byte) {
        return static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
    });
    for (const char* word : {"true", "false", "null", "nan", "inf", "+inf", "-inf"}) {
        if (lower == word) return true;
    }
    const std::size_t start = lower.find_first_not_of("+-");
    return start == std::string::npos ||
           (lower.find_first_not_of("0123456789._e+-") == std::string::npos &&
            std::string_view("0123456789.").find(lower[start]) != std::string_view::npos);
}

std::string hydra_text(const std::string& text) {
    if (is_plain_for_hydra(text) && !looks_like_another_type(text)) return text;
    std::string quoted = "'";
    for (std::size_t i = 0; i < text.size(); ++i) {
        // In Hydra's grammar a backslash escapes only a quote, and itself only before a quote.
        const std::size_t after = std::min(text.find_first_not_of('\\', i), text.size());
        const bool before_quote = after == text.size() || text[after] == '\'';
        if (text[i] == '\'' || (text[i] == '\\' && before_quote)) quoted.push_back('\\');
        quoted.push_back(text[i]);
    }
    return quoted + "'";
}

std::string hydra_value(const Value& value) {
    if (const auto* text = value.get_if<std::string>()) return hydra_text(*text);
    if (value.is_null()) return "null";
    std::string joined;
    if (const auto* array = value.get_if<Array>()) {
        for (const Value& item : *array)
            joined += (joined.empty() ? "" : ",") + hydra_value(item);
        return "[" + joined + "]";
    }
    if (const auto* object = value.get_if<Object>()) {
        for (const Member& member : *object)
            joined += (joined.empty() ? "" : ",") + member.first + ":" + hydra_value(member.second);
        return "{" + joined + "}";
    }
    return format_plain(value);
}

std::string replace_all(std::string text, std::string_view what, const std::string& with) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
    return text;
}

// One element per parameter. The key goes in first: a value may contain the text "{key}".
Result<std::string> spell(const std::string& style, const Member& parameter) {
    const auto& [key, value] = parameter;
    if (style == "hydra") return check_no_zero_byte(key + "=" + hydra_value(value), key);
    const std::string with_key = replace_all(style, "{key}", key);
    return check_no_zero_byte(replace_all(with_key, "{value}", format_plain(value)), key);
}

}  // namespace

Result<std::vector<std::string>> command_line(const Stage& stage, const CommandContext& context) {
    const bool resuming = !context.resume.empty() && !stage.argv_resume.empty();
    const std::vector<std::string>& words = resuming ? stage.argv_resume : stage.argv;
    if (words.empty()) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("stage \"{}\": job \"command\" needs argv", stage.name)
        );
    }
    if (stage.shell) {
        if (words.size() != 1 || !stage.args.style.empty()) {
            return fail(
                ErrorCode::invalid_input,
                "shell = true takes one text in argv and no args; name the parameters in the text"
            );
        }
        return shell_line(words.front(), context);
    }
    if (auto checked = check_arguments_style(stage.args.style); !checked) {
        return tl::unexpected(checked.error());
    }
    std::vector<std::string> line;
    for (const std::string& word : words) {
        auto filled = fill(word, context);
        if (!filled) return tl::unexpected(filled.error());
        line.push_back(std::move(*filled));
    }
    if (stage.args.style.empty()) return line;
    for (const Member& parameter : context.params) {
        auto word = spell(stage.args.style, parameter);
        if (!word) return tl::unexpected(word.error());
        line.push_back(std::move(*word));
    }
    return line;
}

Result<std::vector<std::string>> placeholders(std::string_view text, bool shell) {
    auto pieces = cut(text, shell);
    if (!pieces) return tl::unexpected(pieces.error());
    std::vector<std::string> names;
    for (const Piece& piece : *pieces) {
        if (!piece.name.empty()) names.push_back(piece.name);
    }
    return names;
}

Result<void> check_arguments_style(const std::string& style) {
    if (style.empty() || style == "hydra") return {};
    const bool complete =
        style.find("{key}") != std::string::npos && style.find("{value}") != std::string::npos;
    if (complete && style.find_first_of(" \t\n") == std::string::npos) return {};
    return fail(
        ErrorCode::invalid_input,
        fmt::format(
            "args = \"{}\" is neither \"hydra\" nor a template with {{key}} and {{value}} and "
            "without spaces (such as \"--{{key}}={{value}}\"); each parameter becomes one argument",
            style
        )
    );
}

bool mentions(const Stage& stage, std::string_view placeholder) {
    for (const auto* words : {&stage.argv, &stage.argv_resume}) {
        for (const std::string& word : *words) {
            const auto names = placeholders(word, stage.shell);
            if (names && std::find(names->begin(), names->end(), placeholder) != names->end()) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace xorch
