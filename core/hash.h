#pragma once

// BLAKE2b through libsodium, for identities and manifests. Checksums of journal frames are XXH3 and
// live with the journal.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/ids.h"

namespace xorch {

// BLAKE2b-128 of the bytes.
UnitId hash_unit(std::string_view bytes);

// A 128-bit BLAKE2b over any number of pieces. One thread at a time.
class Hasher {
 public:
    Hasher();
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;

    void add(std::string_view bytes);

    // 32 hexadecimal digits. The hasher is used up.
    std::string finish();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

// 32 hexadecimal digits of the BLAKE2b-128 of the bytes.
std::string hash_text(std::string_view bytes);

}  // namespace xorch
