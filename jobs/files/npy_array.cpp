#include "jobs/files/npy_array.h"

#include <fmt/core.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>

namespace xorch {

namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t magic_and_version = 8;
constexpr std::size_t header_alignment = 64;  // of the elements, as NumPy writes them
constexpr std::size_t dimensions_max = 32;    // NumPy's own
// No data set has a text as long; a larger number is a damaged type.
constexpr std::size_t text_characters_max = 1'000'000;

template <class T>
double number_as(const char* bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return static_cast<double>(value);
}

struct ElementFormat {
    std::string_view name;
    std::size_t bytes;
    NpyNumber read;
};

const ElementFormat* find_format(std::string_view name) {
    static constexpr ElementFormat formats[] = {
        {"|b1", 1, number_as<std::uint8_t> },
        {"|u1", 1, number_as<std::uint8_t> },
        {"|i1", 1, number_as<std::int8_t>  },
        {"<u2", 2, number_as<std::uint16_t>},
        {"<i2", 2, number_as<std::int16_t> },
        {"<u4", 4, number_as<std::uint32_t>},
        {"<i4", 4, number_as<std::int32_t> },
        {"<u8", 8, number_as<std::uint64_t>},
        {"<i8", 8, number_as<std::int64_t> },
        {"<f4", 4, number_as<float>        },
        {"<f8", 8, number_as<double>       },
    };
    for (const ElementFormat& format : formats) {
        if (format.name == name) return &format;
    }
    return nullptr;
}

bool is_text(std::string_view type) {
    return type.substr(0, 2) == "|S" || type.substr(0, 2) == "<U";
}

// Nothing for types that are not known.
std::optional<std::size_t> bytes_of_element(std::string_view type) {
    if (const ElementFormat* format = find_format(type)) return format->bytes;
    if (!is_text(type)) return std::nullopt;
    std::size_t characters = 0;
    const char* end = type.data() + type.size();
    const auto parsed = std::from_chars(type.data() + 2, end, characters);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    if (characters < 1 || characters > text_characters_max) return std::nullopt;
    return type[1] == 'U' ? 4 * characters : characters;
}

// The text of the header's entry behind 'key':, up to the end of the header.
std::optional<std::string_view> entry_of(std::string_view header, std::string_view key) {
    const std::size_t found = header.find(fmt::format("'{}'", key));
    if (found == std::string_view::npos) return std::nullopt;
    std::string_view rest = header.substr(found + key.size() + 2);
    const std::size_t value = rest.find_first_not_of(": ");
    if (value == std::string_view::npos) return std::nullopt;
    return rest.substr(value);
}

// What stands between the quotes.
std::optional<std::string_view> quoted(std::string_view text) {
    if (text.empty() || text[0] != '\'') return std::nullopt;
    const std::size_t end = text.find('\'', 1);
    if (end == std::string_view::npos) return std::nullopt;
    return text.substr(1, end - 1);
}

// "(3, 4)" -> {3, 4}; nothing if it is no such list.
std::optional<std::vector<std::size_t>> parse_shape(std::string_view text) {
    const std::size_t end = text.find(')');
    if (text.empty() || text[0] != '(' || end == std::string_view::npos) return std::nullopt;
    std::vector<std::size_t> shape;
    std::size_t number = 0;
    bool in_number = false;
    for (const char c : text.substr(1, end)) {
        if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
            if (number > 1'000'000'000) return std::nullopt;
            number = number * 10 + static_cast<std::size_t>(c - '0');
            in_number = true;
            continue;
        }
        if (c != ',' && c != ' ' && c != ')') return std::nullopt;
        if (in_number) shape.push_back(number);
        number = 0;
        in_number = false;
    }
    if (shape.size() > dimensions_max) return std::nullopt;
    return shape;
}

struct NpyHeader {
    std::size_t data_at = 0;
    std::string_view text;
};

std::optional<NpyHeader> find_header(std::string_view bytes) {
    if (bytes.size() < magic_and_version + 4) return std::nullopt;
    if (bytes.substr(0, magic.size()) != magic) return std::nullopt;
    const int version = bytes[6];
    const std::size_t length_bytes = version == 1 ? 2 : 4;
    std::size_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) {
        length |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[magic_and_version + i]))
                  << (8 * i);
    }
    const std::size_t begin = magic_and_version + length_bytes;
    if (version < 1 || version > 3 || length > bytes.size() - begin) return std::nullopt;
    return NpyHeader{.data_at = begin + length, .text = bytes.substr(begin, length)};
}

// UTF-8 of the UTF-32 that NumPy keeps, up to the zeros at its end.
std::optional<std::string> text_of_utf32(std::string_view bytes) {
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 4) {
        std::uint32_t point = 0;
        std::memcpy(&point, bytes.data() + at, sizeof point);
        if (point == 0) break;
        // Names of recordings and classes are plain; anything else is damage or an attack.
        if (point < 0x20 || point > 0x7e) return std::nullopt;
        text += static_cast<char>(point);
    }
    return text;
}

std::string shape_text(const std::vector<std::size_t>& shape) {
    std::string text = "(";
    for (const std::size_t size : shape) {
        text += fmt::format("{}{}", text.size() > 1 ? ", " : "", size);
    }
    return text + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace

Result<NpyView> view_npy(std::string_view bytes) {
    const std::optional<NpyHeader> header = find_header(bytes);
    if (!header) return fail(ErrorCode::corrupted, "a damaged or truncated NPY header");
    const auto type_text = entry_of(header->text, "descr");
    const auto order = entry_of(header->text, "fortran_order");
    const auto shape_entry = entry_of(header->text, "shape");
    if (!type_text || !order || !shape_entry) {
        return fail(ErrorCode::corrupted, "an NPY header without type, order or shape");
    }
    const auto type = quoted(*type_text);
    const auto element = type ? bytes_of_element(*type) : std::nullopt;
    if (!element) {
        const std::string_view shown = type_text->substr(0, type_text->find(','));
        return fail(
            ErrorCode::invalid_input, fmt::format("an NPY array of type {}", shown.substr(0, 40))
        );
    }
    const auto shape = parse_shape(*shape_entry);
    if (!shape) return fail(ErrorCode::corrupted, "an NPY header with a damaged shape");
    const std::string_view data = bytes.substr(header->data_at);
    std::size_t left = data.size() / *element;
    double all = 1;
    for (const std::size_t size : *shape) {
        all *= static_cast<double>(size);
    }
    if (all != static_cast<double>(left) || data.size() != left * *element) {
        return fail(ErrorCode::corrupted, "a truncated NPY array");
    }
    return NpyView{
        .type = std::string(*type),
        .element_bytes = *element,
        .shape = *shape,
        .column_order = order->substr(0, 4) == "True",
        .data = data};
}

NpyNumber npy_number(std::string_view type) {
    const ElementFormat* format = find_format(type);
    return format == nullptr ? nullptr : format->read;
}

Result<std::vector<double>> npy_numbers(const NpyView& array) {
    const NpyNumber read = npy_number(array.type);
    if (read == nullptr || array.shape.size() != 1) {
        return fail(ErrorCode::invalid_input, "no list of numbers: an NPY array of " + array.type);
    }
    std::vector<double> numbers;
    numbers.reserve(array.count());
    for (std::size_t i = 0; i < array.count(); ++i) {
        numbers.push_back(read(array.data.data() + i * array.element_bytes));
    }
    return numbers;
}

Result<std::vector<std::string>> npy_texts(const NpyView& array) {
    std::vector<std::string> texts;
    if (!is_text(array.type)) {
        const auto numbers = npy_numbers(array);
        if (!numbers) return tl::unexpected(numbers.error());
        for (const double number : *numbers) {
            texts.push_back(fmt::format("{}", number));
        }
        return texts;
    }
    if (array.shape.size() != 1) {
        return fail(ErrorCode::invalid_input, "no list of texts: an NPY array of " + array.type);
    }
    for (std::size_t i = 0; i < array.count(); ++i) {
        const std::string_view element =
            array.data.substr(i * array.element_bytes, array.element_bytes);
        if (array.type[1] == 'S') {
            texts.emplace_back(element.substr(0, element.find('\0')));
            continue;
        }
        auto text = text_of_utf32(element);
        if (!text) return fail(ErrorCode::invalid_input, "an NPY text that is not plain ASCII");
        texts.push_back(std::move(*text));
    }
    return texts;
}

std::string npy_header(std::string_view type, const std::vector<std::size_t>& shape) {
    std::string text = fmt::format(
        "{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type, shape_text(shape)
    );
    const std::size_t before = magic_and_version + 2;
    while ((before + text.size() + 1) % header_alignment != 0) {
        text += ' ';
    }
    text += '\n';
    std::string header = std::string(magic) + '\x01' + '\0';
    header += static_cast<char>(text.size() & 0xffU);
    header += static_cast<char>(text.size() >> 8U);
    return header + text;
}

}  // namespace xorch
