#pragma once

// What a job saves and resumes from: plain values and tensors, free of LibTorch. On disk a folder
// with `state.json` and `tensors.safetensors` (8 bytes of length, a JSON header, raw little-endian
// elements): no pickle, nothing that is executed when it is read, and readable from Python. Every
// bit comes back, also of a NaN.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/disk.h"
#include "core/error.h"
#include "core/value.h"

namespace xorch {

enum class ElementType { f32, f64, i64, i32, u8, boolean };

std::size_t element_bytes(ElementType type);

struct StoredTensor {
    std::string name;
    ElementType type = ElementType::f32;
    std::vector<std::int64_t> shape;
    std::string bytes;  // row-major

    friend bool operator==(const StoredTensor&, const StoredTensor&) = default;
};

struct JobState {
    Object values;
    std::vector<StoredTensor> tensors;  // names are unique

    const StoredTensor* find_tensor(std::string_view name) const;

    // corrupted, naming it, where the value is missing or of another type.
    Result<std::int64_t> integer(std::string_view name) const;
    Result<double> number(std::string_view name) const;
    Result<std::string> text(std::string_view name) const;

    // Vectors of numbers that are no tensors of a model: a history, a best score per group.
    void add_numbers(std::string_view name, const std::vector<double>& numbers);
    Result<std::vector<double>> numbers(std::string_view name) const;
};

// Into an existing folder; both files are synced, the folder is not.
Result<void> save_job_state(Disk& disk, const std::string& folder, const JobState& state);

// corrupted says what is not as it was saved.
Result<JobState> load_job_state(Disk& disk, const std::string& folder);

// The bytes of tensors.safetensors, and back.
std::string format_tensors(const std::vector<StoredTensor>& tensors);
Result<std::vector<StoredTensor>> parse_tensors(std::string_view bytes);

}  // namespace xorch
