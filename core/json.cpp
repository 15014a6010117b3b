#include "core/json.h"

#define RAPIDJSON_HAS_STDSTRING 1
#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xorch {

namespace {

constexpr std::size_t depth_max = 64;
constexpr unsigned parse_flags = rapidjson::kParseNanAndInfFlag |
                                 rapidjson::kParseValidateEncodingFlag |
                                 rapidjson::kParseFullPrecisionFlag;

// Builds a Value from RapidJSON's events; `stack_` holds the containers that are still open.
class ValueBuilder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, ValueBuilder> {
 public:
    bool Null() { return put(Value()); }

    bool Bool(bool flag) { return put(flag); }

    bool Int(int number) { return put(std::int64_t{number}); }

    bool Uint(unsigned number) { return put(std::int64_t{number}); }

    bool Int64(std::int64_t number) { return put(number); }

    // RapidJSON calls this for every positive number past 32 bits, also where the sign bit is free.
    bool Uint64(std::uint64_t number) {
        if (number > std::numeric_limits<std::int64_t>::max())
            return put(static_cast<double>(number));
        return put(static_cast<std::int64_t>(number));
    }

    bool Double(double number) { return put(number); }

    bool String(const char* text, rapidjson::SizeType size, bool) {
        return put(std::string(text, size));
    }

    bool Key(const char* text, rapidjson::SizeType size, bool) {
        keys_.emplace_back(text, size);
        return true;
    }

    bool StartObject() { return open(Object()); }

    bool EndObject(rapidjson::SizeType) { return close(); }

    bool StartArray() { return open(Array()); }

    bool EndArray(rapidjson::SizeType) { return close(); }

    Value take() { return std::move(root_); }

    const std::string& complaint() const { return complaint_; }

 private:
    bool open(Value container) {
        if (stack_.size() == depth_max) {
            complaint_ = fmt::format("nested deeper than {}", depth_max);
            return false;
        }
        stack_.push_back(std::move(container));
        return true;
    }

    bool close() {
        Value done = std::move(stack_.back());
        stack_.pop_back();
        return put(std::move(done));
    }

    bool put(Value value) {
        if (stack_.empty()) {
            root_ = std::move(value);
            return true;
        }
        if (auto* array = std::get_if<Array>(&stack_.back().data)) {
            array->push_back(std::move(value));
            return true;
        }
        auto& object = std::get<Object>(stack_.back().data);
        std::string key = std::move(keys_.back());
        keys_.pop_back();
        if (find_member(object, key) != nullptr) {
            complaint_ = fmt::format("key \"{}\" appears twice in one object", key);
            return false;
        }
        object.emplace_back(std::move(key), std::move(value));
        return true;
    }

    std::vector<Value> stack_;
    std::vector<std::string> keys_;
    Value root_;
    std::string complaint_;
};

// The length of the UTF-8 sequence at `text`, or 0 if the bytes there are not one.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return 0;
    }
    if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)) return 0;
    if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)) return 0;
    return length;
}

void write_string(std::string& out, std::string_view text) {
    out.push_back('"');
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text.front());
        std::size_t length = 1;
        if (byte == '"' || byte == '\\') {
            out.push_back('\\');
            out.push_back(text.front());
        } else if (byte == '\n') {
            out += "\\n";
        } else if (byte == '\t') {
            out += "\\t";
        } else if (byte < 0x20 || byte == 0x7F) {
            out += fmt::format("\\u{:04x}", byte);
        } else {
            length = utf8_length(text);
            out += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length);
            length = std::max<std::size_t>(length, 1);
        }
        text.remove_prefix(length);
    }
    out.push_back('"');
}

std::string_view special_double(double number) {
    if (std::isnan(number)) return "NaN";
    return number > 0 ? "Infinity" : "-Infinity";
}

struct Spelling {
    bool sorted = false;
    bool pretty = false;
};

void write_value(std::string& out, const Value& value, Spelling spelling, std::size_t depth);

void write_break(std::string& out, Spelling spelling, std::size_t depth) {
    if (!spelling.pretty) return;
    out.push_back('\n');
    out.append(2 * depth, ' ');
}

void write_array(std::string& out, const Array& array, Spelling spelling, std::size_t depth) {
    out.push_back('[');
    for (std::size_t i = 0; i < array.size(); ++i) {
        if (i > 0) out.push_back(',');
        write_break(out, spelling, depth + 1);
        write_value(out, array[i], spelling, depth + 1);
    }
    if (!array.empty()) write_break(out, spelling, depth);
    out.push_back(']');
}

void write_object(std::string& out, const Object& object, Spelling spelling, std::size_t depth) {
    std::vector<const Member*> members;
    members.reserve(object.size());
    for (const Member& member : object)
        members.push_back(&member);
    if (spelling.sorted) {
        std::sort(members.begin(), members.end(), [](const Member* a, const Member* b) {
            return a->first < b->first;
        });
    }
    out.push_back('{');
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (i > 0) out.push_back(',');
        write_break(out, spelling, depth + 1);
        write_string(out, members[i]->first);
        out += spelling.pretty ? ": " : ":";
        write_value(out, members[i]->second, spelling, depth + 1);
    }
    if (!object.empty()) write_break(out, spelling, depth);
    out.push_back('}');
}

void write_value(std::string& out, const Value& value, Spelling spelling, std::size_t depth) {
    if (value.is_null()) {
        out += "null";
    } else if (const auto* flag = value.get_if<bool>()) {
        out += *flag ? "true" : "false";
    } else if (const auto* integer = value.get_if<std::int64_t>()) {
        const fmt::format_int digits(*integer);
        out.append(digits.data(), digits.size());
    } else if (const auto* number = value.get_if<double>()) {
        out +=
            std::isfinite(*number) ? format_double(*number) : std::string(special_double(*number));
    } else if (const auto* text = value.get_if<std::string>()) {
        write_string(out, *text);
    } else if (const auto* array = value.get_if<Array>()) {
        write_array(out, *array, spelling, depth);
    } else if (const auto* object = value.get_if<Object>()) {
        write_object(out, *object, spelling, depth);
    }
}

std::string write(const Value& value, Spelling spelling) {
    std::string out;
    write_value(out, value, spelling, 0);
    return out;
}

}  // namespace

Result<Value> parse_json(std::string_view text) {
    rapidjson::MemoryStream bytes(text.data(), text.size());
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
    rapidjson::Reader reader;
    ValueBuilder builder;
    const rapidjson::ParseResult parsed =
        reader.Parse<parse_flags | rapidjson::kParseIterativeFlag>(stream, builder);
    if (parsed.IsError()) {
        const std::string reason = builder.complaint().empty()
                                       ? rapidjson::GetParseError_En(parsed.Code())
                                       : builder.complaint();
        return fail(
            ErrorCode::invalid_input,
            fmt::format("not valid JSON at byte {}: {}", parsed.Offset(), reason)
        );
    }
    return builder.take();
}

std::string format_json(const Value& value) {
    return write(value, {});
}

std::string format_json_pretty(const Value& value) {
    return write(value, {.pretty = true});
}

std::string format_canonical_json(const Value& value) {
    return write(value, {.sorted = true});
}

void append_canonical_json(std::string& out, const Value& value) {
    write_value(out, value, {.sorted = true}, 0);
}

}  // namespace xorch
