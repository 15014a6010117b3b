#include "coordinator/input/schema.h"

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/input/quantity.h"
#include "core/json.h"

namespace xorch {

namespace {

constexpr std::size_t name_length_max = 64;

KeyText plain(KeyType type, std::string fallback) {
    KeyText text;
    text.type = type;
    text.fallback = std::move(fallback);
    return text;
}

bool check_range(const KeyText& key, double number, const Node& node, Complaints& complaints) {
    if (number >= key.minimum && number <= key.maximum) return true;
    std::string range;
    if (key.minimum > -std::numeric_limits<double>::infinity()) {
        range = fmt::format("at least {}", key.minimum);
    }
    if (key.maximum < std::numeric_limits<double>::infinity()) {
        range += fmt::format("{}at most {}", range.empty() ? "" : " and ", key.maximum);
    }
    complaints.add(
        node.place,
        fmt::format("\"{}\" must be {}, not {}", key.name, range, format_json(node.scalar))
    );
    return false;
}

bool check_text(const KeyText& key, const Node& node, Complaints& complaints) {
    const std::string& text = *node.scalar.get_if<std::string>();
    if (key.type == KeyType::name && !is_name(text)) {
        complaints.add(
            node.place,
            fmt::format(
                "\"{}\" must be 1 to {} characters of A-Z a-z 0-9 . _ -, not {}",
                key.name,
                name_length_max,
                format_json(Value(text.substr(0, 80)))
            )
        );
        return false;
    }
    if (text.find('\0') != std::string::npos) {
        complaints.add(node.place, fmt::format("\"{}\" must not contain a zero byte", key.name));
        return false;
    }
    if (key.choices.empty()) return true;
    if (std::find(key.choices.begin(), key.choices.end(), text) != key.choices.end()) return true;
    complaints.add(
        node.place,
        fmt::format(
            "\"{}\" must be one of {}, not {}",
            key.name,
            fmt::join(key.choices, ", "),
            format_json(Value(text))
        )
    );
    return false;
}

std::string_view expected_type(KeyType type) {
    switch (type) {
        case KeyType::text:
        case KeyType::name:
            return "a string in quotes";
        case KeyType::integer:
            return "an integer";
        case KeyType::number:
            return "a number";
        case KeyType::boolean:
            return "true or false";
        case KeyType::duration:
            return "a duration in quotes, such as \"60s\" or \"12h\"";
        case KeyType::size:
            return "a size in quotes, such as \"512M\" or \"1G\"";
        case KeyType::texts:
            return "an array of strings";
        case KeyType::scalar:
            return "true, false, a number or a string";
        case KeyType::scalars:
            return "an array of numbers, strings, true or false";
        case KeyType::custom:
            return "a table";
    }
    return "?";
}

bool complain_of_type(const KeyText& key, const Node& node, Complaints& complaints) {
    complaints.add(
        node.place,
        fmt::format("\"{}\" must be {}, not {}", key.name, expected_type(key.type), node.describe())
    );
    return false;
}

// A duration or a size: both are strings, and a bare 0 means "none".
bool read_quantity(const KeyText& key, const Node& node, Reading& reading, Complaints& complaints) {
    const auto* integer = node.scalar.get_if<std::int64_t>();
    if (integer != nullptr && *integer == 0) return true;
    const auto* text = node.scalar.get_if<std::string>();
    if (text == nullptr) return complain_of_type(key, node, complaints);
    const auto keep = [&](const auto& parsed, auto& member) {
        if (parsed) {
            member = *parsed;
            return true;
        }
        complaints.add(node.place, fmt::format("\"{}\": {}", key.name, parsed.error().message));
        return false;
    };
    return key.type == KeyType::duration ? keep(parse_duration(*text), reading.duration)
                                         : keep(parse_size(*text), reading.size);
}

bool read_items(const KeyText& key, const Node& node, Reading& reading, Complaints& complaints) {
    if (node.kind != NodeKind::array) return complain_of_type(key, node, complaints);
    for (const Node& item : node.items) {
        const auto* text = item.scalar.get_if<std::string>();
        if (item.kind != NodeKind::scalar || (key.type == KeyType::texts && text == nullptr)) {
            return complain_of_type(key, item, complaints);
        }
        if (text != nullptr && !check_text(key, item, complaints)) return false;
        if (key.type == KeyType::texts) reading.texts.push_back(*text);
        reading.scalars.push_back(item.scalar);
    }
    return true;
}

}  // namespace

KeyText describe(std::uint32_t member) {
    // Counts are not negative; a key may narrow this.
    constexpr double most = std::numeric_limits<std::uint32_t>::max();
    return {
        .name = {},
        .type = KeyType::integer,
        .fallback = fmt::format("{}", member),
        .doc = {},
        .minimum = 0,
        .maximum = most,
        .choices = {}};
}

KeyText describe(std::int64_t member) {
    return plain(KeyType::integer, fmt::format("{}", member));
}

KeyText describe(int member) {
    return plain(KeyType::integer, fmt::format("{}", member));
}

KeyText describe(bool member) {
    return plain(KeyType::boolean, member ? "true" : "false");
}

KeyText describe(double member) {
    return plain(KeyType::number, fmt::format("{}", member));
}

KeyText describe(Millis member) {
    return plain(
        KeyType::duration,
        member == Millis{0} ? "0" : fmt::format("\"{}\"", format_duration(member))
    );
}

KeyText describe(Bytes member) {
    return plain(
        KeyType::size, member == Bytes{0} ? "0" : fmt::format("\"{}\"", format_size(member))
    );
}

KeyText describe(const std::string& member) {
    return plain(KeyType::text, member.empty() ? "" : fmt::format("\"{}\"", member));
}

KeyText describe(const std::vector<std::string>&) {
    return plain(KeyType::texts, "");
}

KeyText describe(const std::vector<Value>&) {
    return plain(KeyType::scalars, "");
}

KeyText describe(const std::optional<Value>&) {
    return plain(KeyType::scalar, "");
}

KeyText describe(const std::optional<double>&) {
    return plain(KeyType::number, "");
}

void assign(std::uint32_t& member, const Reading& reading) {
    member = static_cast<std::uint32_t>(reading.integer);
}

void assign(std::int64_t& member, const Reading& reading) {
    member = reading.integer;
}

void assign(int& member, const Reading& reading) {
    member = static_cast<int>(reading.integer);
}

void assign(bool& member, const Reading& reading) {
    member = reading.flag;
}

void assign(double& member, const Reading& reading) {
    member = reading.number;
}

void assign(Millis& member, const Reading& reading) {
    member = reading.duration;
}

void assign(Bytes& member, const Reading& reading) {
    member = reading.size;
}

void assign(std::string& member, const Reading& reading) {
    member = reading.text;
}

void assign(std::vector<std::string>& member, const Reading& reading) {
    member = reading.texts;
}

void assign(std::vector<Value>& member, const Reading& reading) {
    member = reading.scalars;
}

void assign(std::optional<Value>& member, const Reading& reading) {
    member = reading.scalar;
}

void assign(std::optional<double>& member, const Reading& reading) {
    member = reading.number;
}

KeyOptions& KeyOptions::required() {
    text_.required = true;
    text_.fallback.clear();
    return *this;
}

KeyOptions& KeyOptions::name_only() {
    text_.type = KeyType::name;
    return *this;
}

KeyOptions& KeyOptions::at_least(double minimum) {
    text_.minimum = minimum;
    return *this;
}

KeyOptions& KeyOptions::at_most(double maximum) {
    text_.maximum = maximum;
    return *this;
}

KeyOptions& KeyOptions::one_of(std::vector<std::string> choices) {
    text_.choices = std::move(choices);
    return *this;
}

bool is_name(std::string_view text) {
    const auto allowed = [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-';
    };
    return !text.empty() && text.size() <= name_length_max &&
           std::all_of(text.begin(), text.end(), allowed);
}

bool read_value(const KeyText& key, const Node& node, Reading& reading, Complaints& complaints) {
    if (key.type == KeyType::texts || key.type == KeyType::scalars) {
        return read_items(key, node, reading, complaints);
    }
    if (node.kind != NodeKind::scalar) return complain_of_type(key, node, complaints);
    if (key.type == KeyType::duration || key.type == KeyType::size) {
        return read_quantity(key, node, reading, complaints);
    }
    reading.scalar = node.scalar;
    if (key.type == KeyType::scalar) return true;
    if (key.type == KeyType::boolean) {
        const auto* flag = node.scalar.get_if<bool>();
        if (flag == nullptr) return complain_of_type(key, node, complaints);
        reading.flag = *flag;
        return true;
    }
    if (key.type == KeyType::text || key.type == KeyType::name) {
        const auto* text = node.scalar.get_if<std::string>();
        if (text == nullptr) return complain_of_type(key, node, complaints);
        reading.text = *text;
        return check_text(key, node, complaints);
    }
    const auto* integer = node.scalar.get_if<std::int64_t>();
    const auto number = node.scalar.as_number();
    if (!number || (key.type == KeyType::integer && integer == nullptr)) {
        return complain_of_type(key, node, complaints);
    }
    if (integer != nullptr) reading.integer = *integer;
    reading.number = *number;
    return check_range(key, *number, node, complaints);
}

bool check_members(
    const Node& node, std::string_view table, std::span<const KeyText> keys, Complaints& complaints
) {
    if (node.kind != NodeKind::table) {
        complaints.add(
            node.place, fmt::format("{} must be a table, not {}", table, node.describe())
        );
        return false;
    }
    std::vector<std::string> names;
    for (const KeyText& key : keys)
        names.push_back(key.name);
    for (const Entry& entry : node.members) {
        if (std::find(names.begin(), names.end(), entry.key) != names.end()) continue;
        complaints.add_unknown(
            entry.place, {"unknown key", entry.key, fmt::format(" in {}", table)}, names
        );
    }
    for (const KeyText& key : keys) {
        if (key.required && node.find(key.name) == nullptr) {
            complaints.add(node.place, fmt::format("{} needs the key \"{}\"", table, key.name));
        }
    }
    return true;
}

}  // namespace xorch
