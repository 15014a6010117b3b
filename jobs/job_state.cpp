#include "jobs/job_state.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "core/json.h"

namespace xorch {

namespace {

struct ElementName {
    ElementType type;
    std::string_view name;
    std::size_t bytes;
};

// The names of the safetensors format.
constexpr std::array<ElementName, 6> element_names{
    {{ElementType::f32, "F32", 4},
     {ElementType::f64, "F64", 8},
     {ElementType::i64, "I64", 8},
     {ElementType::i32, "I32", 4},
     {ElementType::u8, "U8", 1},
     {ElementType::boolean, "BOOL", 1}}
};

const ElementName& name_of(ElementType type) {
    return element_names.at(static_cast<std::size_t>(type));
}

const ElementName* find_element(std::string_view name) {
    for (const ElementName& each : element_names) {
        if (each.name == name) return &each;
    }
    return nullptr;
}

std::string length_prefix(std::uint64_t length) {
    std::string bytes;
    for (unsigned shift = 0; shift < 64; shift += 8)
        bytes.push_back(static_cast<char>(static_cast<unsigned char>(length >> shift)));
    return bytes;
}

std::uint64_t read_length(std::string_view bytes) {
    std::uint64_t length = 0;
    for (unsigned i = 0; i < 8; ++i)
        length |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    return length;
}

tl::unexpected<Error> damaged(std::string message) {
    return fail(ErrorCode::corrupted, std::move(message));
}

// Elements of that shape; nothing if a size is negative or the product overflows.
std::optional<std::uint64_t> element_count(const std::vector<std::int64_t>& shape) {
    std::uint64_t count = 1;
    for (const std::int64_t size : shape) {
        if (size < 0) return std::nullopt;
        const auto factor = static_cast<std::uint64_t>(size);
        if (factor != 0 && count > std::numeric_limits<std::uint64_t>::max() / 16 / factor)
            return std::nullopt;
        count *= factor;
    }
    return count;
}

Result<std::vector<std::int64_t>> read_integers(const Value* list) {
    const auto* items = list == nullptr ? nullptr : list->get_if<Array>();
    if (items == nullptr) return damaged("a list of integers is missing");
    std::vector<std::int64_t> numbers;
    for (const Value& item : *items) {
        const auto* number = item.get_if<std::int64_t>();
        if (number == nullptr) return damaged("a list of integers holds something else");
        numbers.push_back(*number);
    }
    return numbers;
}

Result<StoredTensor> read_tensor(const Member& entry, std::string_view data) {
    const Value* type_text = entry.second.find("dtype");
    const auto* type_name = type_text == nullptr ? nullptr : type_text->get_if<std::string>();
    const ElementName* type = type_name == nullptr ? nullptr : find_element(*type_name);
    if (type == nullptr) return damaged("its type is not known");
    auto shape = read_integers(entry.second.find("shape"));
    if (!shape) return tl::unexpected(shape.error());
    const auto offsets = read_integers(entry.second.find("data_offsets"));
    if (!offsets) return tl::unexpected(offsets.error());
    const auto count = element_count(*shape);
    const auto size = static_cast<std::int64_t>(data.size());
    if (offsets->size() != 2 || offsets->at(0) < 0 || offsets->at(1) < offsets->at(0) ||
        offsets->at(1) > size) {
        return damaged("its bytes are not in the file");
    }
    const auto begin = static_cast<std::size_t>(offsets->at(0));
    const std::size_t bytes = static_cast<std::size_t>(offsets->at(1)) - begin;
    if (!count || *count * type->bytes != bytes) return damaged("its size is not its shape's");
    return StoredTensor{
        .name = entry.first,
        .type = type->type,
        .shape = std::move(*shape),
        .bytes = std::string(data.substr(begin, bytes))};
}

Result<void> write_synced(Disk& disk, const std::string& path, std::string_view bytes) {
    auto file = disk.create(path);
    if (!file) return tl::unexpected(file.error());
    if (auto written = (*file)->append(bytes); !written) return written;
    return (*file)->sync();
}

tl::unexpected<Error> not_saved(std::string_view name, std::string_view type) {
    return damaged(fmt::format("the checkpoint holds no {} \"{}\"", type, name));
}

}  // namespace

std::size_t element_bytes(ElementType type) {
    return name_of(type).bytes;
}

const StoredTensor* JobState::find_tensor(std::string_view name) const {
    for (const StoredTensor& tensor : tensors) {
        if (tensor.name == name) return &tensor;
    }
    return nullptr;
}

Result<std::int64_t> JobState::integer(std::string_view name) const {
    const Value* value = find_member(values, name);
    const auto* number = value == nullptr ? nullptr : value->get_if<std::int64_t>();
    if (number == nullptr) return not_saved(name, "integer");
    return *number;
}

Result<double> JobState::number(std::string_view name) const {
    const Value* value = find_member(values, name);
    const auto number = value == nullptr ? std::nullopt : value->as_number();
    if (!number) return not_saved(name, "number");
    return *number;
}

Result<std::string> JobState::text(std::string_view name) const {
    const Value* value = find_member(values, name);
    const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
    if (text == nullptr) return not_saved(name, "text");
    return *text;
}

void JobState::add_numbers(std::string_view name, const std::vector<double>& numbers) {
    StoredTensor tensor{
        .name = std::string(name),
        .type = ElementType::f64,
        .shape = {static_cast<std::int64_t>(numbers.size())}};
    tensor.bytes.resize(numbers.size() * sizeof(double));
    if (!numbers.empty()) std::memcpy(tensor.bytes.data(), numbers.data(), tensor.bytes.size());
    tensors.push_back(std::move(tensor));
}

Result<std::vector<double>> JobState::numbers(std::string_view name) const {
    const StoredTensor* tensor = find_tensor(name);
    if (tensor == nullptr || tensor->type != ElementType::f64 || tensor->shape.size() != 1)
        return not_saved(name, "vector of numbers");
    std::vector<double> numbers(tensor->bytes.size() / sizeof(double));
    if (!numbers.empty()) std::memcpy(numbers.data(), tensor->bytes.data(), tensor->bytes.size());
    return numbers;
}

std::string format_tensors(const std::vector<StoredTensor>& tensors) {
    Object header;
    std::int64_t offset = 0;
    for (const StoredTensor& tensor : tensors) {
        XORCH_CHECK(
            element_count(tensor.shape).value_or(0) * element_bytes(tensor.type) ==
                tensor.bytes.size(),
            "a tensor's bytes are not its shape's"
        );
        XORCH_CHECK(find_member(header, tensor.name) == nullptr, "two tensors have one name");
        Array shape;
        for (const std::int64_t size : tensor.shape)
            shape.emplace_back(size);
        const std::int64_t end = offset + static_cast<std::int64_t>(tensor.bytes.size());
        header.emplace_back(
            tensor.name,
            Object{
                {"dtype",        std::string(name_of(tensor.type).name)},
                {"shape",        std::move(shape)                      },
                {"data_offsets", Array{offset, end}                    }
        }
        );
        offset = end;
    }
    std::string text = format_json(Value(std::move(header)));
    text.resize((text.size() + 7) / 8 * 8, ' ');  // the format wants data at a multiple of eight
    std::string bytes = length_prefix(text.size()) + text;
    bytes.reserve(bytes.size() + static_cast<std::size_t>(offset));
    for (const StoredTensor& tensor : tensors)
        bytes += tensor.bytes;
    return bytes;
}

Result<std::vector<StoredTensor>> parse_tensors(std::string_view bytes) {
    if (bytes.size() < 8) return damaged("it is too short");
    const std::uint64_t length = read_length(bytes);
    if (length > bytes.size() - 8) return damaged("its header is cut off");
    std::string_view text = bytes.substr(8, length);
    text = text.substr(0, text.find_last_not_of(' ') + 1);
    const auto header = parse_json(text);
    if (!header) return damaged("its header: " + header.error().message);
    const auto* entries = header->get_if<Object>();
    if (entries == nullptr) return damaged("its header is no object");
    std::vector<StoredTensor> tensors;
    for (const Member& entry : *entries) {
        if (entry.first == "__metadata__") continue;
        auto tensor = read_tensor(entry, bytes.substr(8 + length));
        if (!tensor) return fail_with_context(tensor.error(), "tensor \"" + entry.first + "\"");
        tensors.push_back(std::move(*tensor));
    }
    return tensors;
}

Result<void> save_job_state(Disk& disk, const std::string& folder, const JobState& state) {
    const std::string values = format_json_pretty(Value(state.values)) + "\n";
    if (auto written = write_synced(disk, folder + "/state.json", values); !written) return written;
    return write_synced(disk, folder + "/tensors.safetensors", format_tensors(state.tensors));
}

Result<JobState> load_job_state(Disk& disk, const std::string& folder) {
    const auto text = disk.read(folder + "/state.json");
    if (!text) return tl::unexpected(text.error());
    auto values = parse_json(*text);
    if (!values) return fail_with_context(values.error(), folder + "/state.json");
    auto* members = std::get_if<Object>(&values->data);
    if (members == nullptr) return damaged(folder + "/state.json is no object");
    const auto bytes = disk.read(folder + "/tensors.safetensors");
    if (!bytes) return tl::unexpected(bytes.error());
    auto tensors = parse_tensors(*bytes);
    if (!tensors) return fail_with_context(tensors.error(), folder + "/tensors.safetensors");
    return JobState{.values = std::move(*members), .tensors = std::move(*tensors)};
}

}  // namespace xorch
