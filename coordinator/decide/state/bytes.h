#pragma once

// Numbers and texts to bytes and back, for snapshots: numbers in base 128, least significant group
// first, so that small ones take one byte. A reader that meets nonsense says so once, at the end.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/ids.h"

namespace xorch {

class ByteWriter {
 public:
    void number(std::uint64_t value);
    void text(std::string_view value);
    void unit(UnitKey key);

    // The checksum of all that was written follows it.
    std::string finish();

 private:
    std::string bytes_;
};

class ByteReader {
 public:
    // Not ok() if the checksum does not fit.
    explicit ByteReader(std::string_view bytes);

    // 0 or empty after the end; then ok() is false.
    std::uint64_t number();
    std::string text();
    UnitKey unit();

    // A count of things that take at least one byte each: never more than there are bytes left.
    std::size_t count();

    // What was read makes no sense to the caller.
    void reject() { ok_ = false; }

    bool ok() const { return ok_; }

    bool at_end() const { return ok_ && rest_.empty(); }

 private:
    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace xorch
