#include "coordinator/decide/state/index_set.h"

#include <bit>

#include "core/error.h"

namespace xorch {

namespace {

constexpr std::uint32_t bits = 64;

std::uint64_t bit(std::uint32_t index) {
    return std::uint64_t{1} << (index % bits);
}

std::uint32_t words_for(std::uint32_t bound) {
    return bound / bits + 1;
}

// The smallest set bit at or after `from`, over all words.
std::optional<std::uint32_t> next_bit(
    const std::vector<std::uint64_t>& words, std::uint32_t from, std::uint32_t words_to_look_at
) {
    std::uint32_t at = from / bits;
    if (at >= words.size()) return std::nullopt;
    std::uint64_t word = words[at] & (~std::uint64_t{0} << (from % bits));
    for (std::uint32_t looked = 1; word == 0; ++looked) {
        if (++at >= words.size() || looked > words_to_look_at) return std::nullopt;
        word = words[at];
    }
    return at * bits + static_cast<std::uint32_t>(std::countr_zero(word));
}

}  // namespace

void IndexSet::resize(std::uint32_t bound) {
    bound_ = bound;
    words_.assign(words_for(bound), 0);
    summary_.assign(words_for(words_for(bound)), 0);
}

void IndexSet::insert(std::uint32_t index) {
    XORCH_CHECK(index < bound_, "an index set was asked to hold more than its bound");
    words_[index / bits] |= bit(index);
    summary_[index / bits / bits] |= bit(index / bits);
}

void IndexSet::erase(std::uint32_t index) {
    XORCH_CHECK(index < bound_, "an index set was asked to forget more than its bound");
    std::uint64_t& word = words_[index / bits];
    word &= ~bit(index);
    if (word == 0) summary_[index / bits / bits] &= ~bit(index / bits);
}

bool IndexSet::contains(std::uint32_t index) const {
    return index < bound_ && (words_[index / bits] & bit(index)) != 0;
}

std::optional<std::uint32_t> IndexSet::next(std::uint32_t from) const {
    if (from >= bound_) return std::nullopt;
    if (const auto here = next_bit(words_, from, 0)) return here;
    const std::uint32_t after = from / bits + 1;
    const auto word = next_bit(summary_, after, static_cast<std::uint32_t>(summary_.size()));
    if (!word) return std::nullopt;
    return *word * bits + static_cast<std::uint32_t>(std::countr_zero(words_[*word]));
}

std::size_t IndexSet::memory_bytes() const {
    return (words_.capacity() + summary_.capacity()) * sizeof(std::uint64_t);
}

}  // namespace xorch
