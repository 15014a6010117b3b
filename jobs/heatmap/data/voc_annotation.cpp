#include "jobs/heatmap/data/voc_annotation.h"

#include <fmt/core.h>

#include <charconv>
#include <pugixml.hpp>
#include <sstream>

namespace xorch::heatmap {

namespace {

constexpr int side_max = 1'000'000;  // pixels

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Whole pixels; some tools write them as "12.0".
Result<int> number_in(const pugi::xml_node& parent, const char* name) {
    const pugi::xml_node node = parent.child(name);
    if (!node) return fail(ErrorCode::invalid_input, fmt::format("there is no <{}>", name));
    const std::string_view text = trimmed(node.child_value());
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = error == std::errc() && end == text.data() + text.size() &&
                          number >= -side_max && number <= side_max &&
                          number == static_cast<int>(number);
    if (is_whole) return static_cast<int>(number);
    return fail(
        ErrorCode::invalid_input,
        fmt::format("<{}>{}</{}> is no number of pixels", name, text, name)
    );
}

Result<void> read_numbers(
    const pugi::xml_node& parent, std::initializer_list<std::pair<const char*, int*>> numbers
) {
    for (const auto& [name, into] : numbers) {
        const auto number = number_in(parent, name);
        if (!number) return tl::unexpected(number.error());
        *into = *number;
    }
    return {};
}

Result<VocObject> read_object(const pugi::xml_node& node, const VocAnnotation& annotation) {
    VocObject object;
    object.name = trimmed(node.child("name").child_value());
    if (object.name.empty()) return fail(ErrorCode::invalid_input, "an <object> without a <name>");
    const auto read = read_numbers(
        node.child("bndbox"),
        {
            {"xmin", &object.xmin},
            {"ymin", &object.ymin},
            {"xmax", &object.xmax},
            {"ymax", &object.ymax}
    }
    );
    if (!read) return fail_with_context(read.error(), object.name);
    const bool is_inside = object.xmin >= 0 && object.ymin >= 0 && object.xmax > object.xmin &&
                           object.ymax > object.ymin && object.xmax <= annotation.width &&
                           object.ymax <= annotation.height;
    if (is_inside) return object;
    return fail(
        ErrorCode::invalid_input,
        fmt::format(
            "{}: the box {} {} {} {} is none in an image of {} x {}",
            object.name,
            object.xmin,
            object.ymin,
            object.xmax,
            object.ymax,
            annotation.width,
            annotation.height
        )
    );
}

void append_number(pugi::xml_node parent, const char* name, int number) {
    parent.append_child(name).text().set(number);
}

}  // namespace

Result<VocAnnotation> parse_voc(std::string_view text) {
    if (text.size() > annotation_bytes_max) {
        return fail(ErrorCode::invalid_input, fmt::format("{} bytes of XML", text.size()));
    }
    pugi::xml_document document;
    const pugi::xml_parse_result parsed = document.load_buffer(text.data(), text.size());
    if (!parsed) {
        return fail(
            ErrorCode::corrupted,
            fmt::format("no XML: {} at byte {}", parsed.description(), parsed.offset)
        );
    }
    const pugi::xml_node root = document.child("annotation");
    if (!root) return fail(ErrorCode::invalid_input, "XML without an <annotation>");
    VocAnnotation annotation;
    const auto size = read_numbers(
        root.child("size"),
        {
            {"width",  &annotation.width },
            {"height", &annotation.height}
    }
    );
    if (!size) return fail_with_context(size.error(), "size");
    if (annotation.width < 1 || annotation.height < 1) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("an image of {} x {}", annotation.width, annotation.height)
        );
    }
    for (const pugi::xml_node& node : root.children("object")) {
        if (annotation.objects.size() == objects_max) {
            return fail(ErrorCode::invalid_input, fmt::format("more than {} objects", objects_max));
        }
        auto object = read_object(node, annotation);
        if (!object) return tl::unexpected(object.error());
        annotation.objects.push_back(std::move(*object));
    }
    return annotation;
}

std::string format_voc(const VocAnnotation& annotation, const std::string& file_name) {
    pugi::xml_document document;
    pugi::xml_node root = document.append_child("annotation");
    root.append_child("filename").text().set(file_name.c_str());
    pugi::xml_node size = root.append_child("size");
    append_number(size, "width", annotation.width);
    append_number(size, "height", annotation.height);
    append_number(size, "depth", 3);
    for (const VocObject& object : annotation.objects) {
        pugi::xml_node node = root.append_child("object");
        node.append_child("name").text().set(object.name.c_str());
        pugi::xml_node box = node.append_child("bndbox");
        append_number(box, "xmin", object.xmin);
        append_number(box, "ymin", object.ymin);
        append_number(box, "xmax", object.xmax);
        append_number(box, "ymax", object.ymax);
    }
    std::ostringstream text;
    document.save(text, "    ");
    return text.str();
}

}  // namespace xorch::heatmap
