#include "jobs/files/npy_file.h"

#include <fmt/core.h>

#include <cctype>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

namespace xorch {

namespace {

constexpr std::size_t magic_and_version = 8;

// The text of the header's entry behind 'key':, up to the end of the header.
std::optional<std::string_view> entry_of(std::string_view header, std::string_view key) {
    const std::size_t found = header.find(fmt::format("'{}'", key));
    if (found == std::string_view::npos) return std::nullopt;
    std::string_view rest = header.substr(found + key.size() + 2);
    const std::size_t value = rest.find_first_not_of(": ");
    if (value == std::string_view::npos) return std::nullopt;
    return rest.substr(value);
}

template <class T>
double number_as(const char* bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return static_cast<double>(value);
}

struct ElementFormat {
    std::string_view name;
    std::size_t bytes;
    double (*read)(const char*);
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
        if (in_number) shape.push_back(number);
        number = 0;
        in_number = false;
    }
    return shape;
}

struct NpyHeader {
    std::size_t data_at = 0;
    std::string_view text;
};

std::optional<NpyHeader> find_header(std::string_view bytes) {
    if (bytes.size() < magic_and_version + 4) return std::nullopt;
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

Raster take_elements(
    std::string_view data,
    const ElementFormat& format,
    const std::vector<std::size_t>& shape,
    bool column_order
) {
    Raster raster{
        .height = static_cast<int>(shape[0]),
        .width = static_cast<int>(shape[1]),
        .channels = static_cast<int>(shape[2]),
        .samples = std::vector<double>(shape[0] * shape[1] * shape[2])};
    std::size_t to = 0;
    for (std::size_t y = 0; y < shape[0]; ++y) {
        for (std::size_t x = 0; x < shape[1]; ++x) {
            for (std::size_t channel = 0; channel < shape[2]; ++channel, ++to) {
                const std::size_t from =
                    column_order ? (channel * shape[1] + x) * shape[0] + y : to;
                raster.samples[to] = format.read(data.data() + from * format.bytes);
            }
        }
    }
    return raster;
}

}  // namespace

Result<Raster> read_npy(std::string_view bytes) {
    const std::optional<NpyHeader> header = find_header(bytes);
    if (!header) return fail(ErrorCode::corrupted, "a damaged or truncated NPY header");
    const auto type = entry_of(header->text, "descr");
    const auto order = entry_of(header->text, "fortran_order");
    const auto shape_text = entry_of(header->text, "shape");
    if (!type || !order || !shape_text || type->size() < 5) {
        return fail(ErrorCode::corrupted, "an NPY header without type, order or shape");
    }
    const ElementFormat* format = find_format(type->substr(1, 3));
    if (format == nullptr) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("an NPY array of type {}", type->substr(0, type->find(',')))
        );
    }
    auto shape = parse_shape(*shape_text);
    if (shape && shape->size() == 2) shape->push_back(1);
    if (!shape || shape->size() != 3) {
        return fail(
            ErrorCode::invalid_input,
            "an NPY array that is no image: its shape is " + std::string(shape_text->substr(0, 40))
        );
    }
    const double all = static_cast<double>((*shape)[0]) * static_cast<double>((*shape)[1]) *
                       static_cast<double>((*shape)[2]);
    if (all < 1 || all > raster_samples_max) {
        return fail(ErrorCode::invalid_input, "an NPY array of impossible size");
    }
    const std::string_view data = bytes.substr(header->data_at);
    if (data.size() != static_cast<std::size_t>(all) * format->bytes) {
        return fail(ErrorCode::corrupted, "a truncated NPY array");
    }
    return take_elements(data, *format, *shape, order->substr(0, 4) == "True");
}

}  // namespace xorch
