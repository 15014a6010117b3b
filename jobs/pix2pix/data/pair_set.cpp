#include "jobs/pix2pix/data/pair_set.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "jobs/files/image_file.h"
#include "jobs/pix2pix/data/id_tables.h"
#include "jobs/pix2pix/data/letterbox.h"

namespace xorch::pix2pix {

namespace {

constexpr float half_range = 127.5F;

Raster half_of(const Raster& both, bool right) {
    Raster half{
        .height = both.height, .width = both.width / 2, .channels = both.channels, .samples = {}};
    const int from = right ? both.width - half.width : 0;
    half.samples.reserve(both.samples.size() / 2);
    for (int y = 0; y < half.height; ++y) {
        for (int x = 0; x < half.width; ++x) {
            for (int channel = 0; channel < half.channels; ++channel) {
                half.samples.push_back(both.at(y, from + x, channel));
            }
        }
    }
    return half;
}

struct RasterPair {
    Raster input;
    Raster target;
};

Result<RasterPair> read_pair(const PairFile& pair) {
    auto input = read_raster(pair.input);
    if (!input) return tl::unexpected(input.error());
    if (pair.input == pair.target) {
        if (input->width < 2) {
            return fail(ErrorCode::invalid_input, pair.input + ": too narrow for two halves");
        }
        return RasterPair{.input = half_of(*input, false), .target = half_of(*input, true)};
    }
    auto target = read_raster(pair.target);
    if (!target) return tl::unexpected(target.error());
    return RasterPair{.input = std::move(*input), .target = std::move(*target)};
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

Result<PairSet> load_set(
    const std::vector<PairFile>& pairs, const LandmarkTable& landmarks, int side
) {
    PairSet set;
    set.side = side;
    for (const PairFile& pair : pairs) {
        const auto images = read_pair(pair);
        if (!images) return tl::unexpected(images.error());
        set.ids.push_back(pair.id);
        append(set.inputs, letterbox_image(images->input, input_channels, side));
        append(set.targets, letterbox_image(images->target, 1, side));
        const auto found = landmarks.find(pair.id);
        if (found == landmarks.end()) {
            if (landmarks.empty()) continue;
            return fail(
                ErrorCode::invalid_input, fmt::format("landmarks.csv: id {} is missing", pair.id)
            );
        }
        const ImageSize size{.width = images->target.width, .height = images->target.height};
        set.landmarks.push_back(to_canvas(found->second, size, side));
    }
    return set;
}

StoredTensor bytes_tensor(
    const std::string& name, const std::vector<std::uint8_t>& bytes, std::vector<std::int64_t> shape
) {
    StoredTensor tensor{
        .name = name, .type = ElementType::u8, .shape = std::move(shape), .bytes = {}};
    tensor.bytes.assign(bytes.begin(), bytes.end());
    return tensor;
}

Result<std::vector<std::uint8_t>> bytes_of_tensor(
    const JobState& state, const std::string& name, std::size_t expected
) {
    const StoredTensor* tensor = state.find_tensor(name);
    if (tensor == nullptr || tensor->type != ElementType::u8 || tensor->bytes.size() != expected) {
        return fail(ErrorCode::corrupted, name + " is missing, or not as large as the list of ids");
    }
    return std::vector<std::uint8_t>(tensor->bytes.begin(), tensor->bytes.end());
}

std::vector<double> flat_landmarks(const PairSet& set) {
    std::vector<double> numbers;
    for (const Landmarks& landmarks : set.landmarks) {
        for (const auto& [x, y] : landmarks) {
            numbers.insert(numbers.end(), {x, y});
        }
    }
    return numbers;
}

Result<std::vector<std::string>> ids_of(const JobState& state, const std::string& name) {
    std::vector<std::string> ids;
    const Value* stored = find_member(state.values, name);
    const Array* array = stored == nullptr ? nullptr : stored->get_if<Array>();
    if (array == nullptr) return fail(ErrorCode::corrupted, name + " is missing");
    for (const Value& each : *array) {
        const auto* id = each.get_if<std::string>();
        if (id == nullptr) return fail(ErrorCode::corrupted, name + " has what is no id");
        ids.push_back(*id);
    }
    return ids;
}

Result<PairSet> restore_set(const JobState& state, const std::string& split, int side) {
    PairSet set;
    set.side = side;
    auto ids = ids_of(state, split + ".ids");
    if (!ids) return tl::unexpected(ids.error());
    set.ids = std::move(*ids);
    auto targets = bytes_of_tensor(state, split + ".targets", set.size() * set.pixels());
    if (!targets) return tl::unexpected(targets.error());
    set.targets = std::move(*targets);
    auto inputs =
        bytes_of_tensor(state, split + ".inputs", set.size() * set.pixels() * input_channels);
    if (!inputs) return tl::unexpected(inputs.error());
    set.inputs = std::move(*inputs);
    const auto numbers = state.numbers(split + ".landmarks");
    if (!numbers) return tl::unexpected(numbers.error());
    constexpr std::size_t each = 2 * landmark_count;
    if (!numbers->empty() && numbers->size() != each * set.size()) {
        return fail(ErrorCode::corrupted, split + ".landmarks are not those of every pair");
    }
    for (std::size_t first = 0; first < numbers->size(); first += each) {
        Landmarks landmarks{};
        for (std::size_t i = 0; i < landmark_count; ++i) {
            landmarks[i] = {.x = (*numbers)[first + 2 * i], .y = (*numbers)[first + 2 * i + 1]};
        }
        set.landmarks.push_back(landmarks);
    }
    return set;
}

}  // namespace

std::optional<std::size_t> PairSet::find(const std::string& id) const {
    const auto place = std::lower_bound(ids.begin(), ids.end(), id, id_less);
    if (place == ids.end() || *place != id) return std::nullopt;
    return static_cast<std::size_t>(place - ids.begin());
}

float to_signed(std::uint8_t byte) {
    return static_cast<float>(byte) / half_range - 1.0F;
}

std::uint8_t to_byte(float value) {
    return static_cast<std::uint8_t>(
        std::lround((std::clamp(value, -1.0F, 1.0F) + 1.0F) * half_range)
    );
}

Plane target_plane(const PairSet& set, std::size_t pair) {
    Plane plane(set.side, set.side);
    std::transform(
        set.targets.begin() + static_cast<std::ptrdiff_t>(pair * set.pixels()),
        set.targets.begin() + static_cast<std::ptrdiff_t>((pair + 1) * set.pixels()),
        plane.values.begin(),
        to_signed
    );
    return plane;
}

std::array<Grid<std::uint8_t>, input_channels> input_planes(const PairSet& set, std::size_t pair) {
    std::array<Grid<std::uint8_t>, input_channels> planes;
    auto from =
        set.inputs.begin() + static_cast<std::ptrdiff_t>(pair * set.pixels() * input_channels);
    for (Grid<std::uint8_t>& plane : planes) {
        plane = Grid<std::uint8_t>(set.side, set.side);
        std::copy_n(from, set.pixels(), plane.values.begin());
        from += static_cast<std::ptrdiff_t>(set.pixels());
    }
    return planes;
}

Result<PairSplits> load_pairs(const PairListing& listing, int side) {
    PairSplits splits;
    for (std::size_t i = 0; i < splits.sets.size(); ++i) {
        auto set = load_set(listing.splits[i], listing.landmarks, side);
        if (!set) return tl::unexpected(set.error());
        splits.sets[i] = std::move(*set);
    }
    return splits;
}

JobState store_pairs(const PairSplits& splits) {
    JobState state;
    set_member(state.values, "side", splits.train().side);
    for (std::size_t i = 0; i < splits.sets.size(); ++i) {
        const PairSet& set = splits.sets[i];
        const std::string split = split_names[i];
        const auto count = static_cast<std::int64_t>(set.size());
        set_member(state.values, split + ".ids", Array(set.ids.begin(), set.ids.end()));
        state.add_numbers(split + ".landmarks", flat_landmarks(set));
        state.tensors.push_back(
            bytes_tensor(split + ".inputs", set.inputs, {count, input_channels, set.side, set.side})
        );
        state.tensors.push_back(
            bytes_tensor(split + ".targets", set.targets, {count, set.side, set.side})
        );
    }
    return state;
}

Result<PairSplits> restore_pairs(const JobState& state) {
    const auto side = state.integer("side");
    if (!side) return tl::unexpected(side.error());
    if (*side < 1 || *side > 1 << 14) return fail(ErrorCode::corrupted, "side is out of range");
    PairSplits splits;
    for (std::size_t i = 0; i < splits.sets.size(); ++i) {
        auto set = restore_set(state, split_names[i], static_cast<int>(*side));
        if (!set) return tl::unexpected(set.error());
        splits.sets[i] = std::move(*set);
    }
    return splits;
}

}  // namespace xorch::pix2pix
