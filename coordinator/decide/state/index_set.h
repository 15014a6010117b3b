#pragma once

// A set of small integers below a fixed bound: one bit each and a summary of the non-empty words,
// so that a million ready units cost 128 KiB and the next one is found at once. Owned by the state.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace xorch {

class IndexSet {
 public:
    // Empties the set.
    void resize(std::uint32_t bound);

    void insert(std::uint32_t index);
    void erase(std::uint32_t index);
    bool contains(std::uint32_t index) const;

    // The smallest member at or after `from`.
    std::optional<std::uint32_t> next(std::uint32_t from) const;

    std::size_t memory_bytes() const;

 private:
    std::uint32_t bound_ = 0;
    std::vector<std::uint64_t> words_;
    std::vector<std::uint64_t> summary_;  // bit n: words_[n] is not zero
};

}  // namespace xorch
