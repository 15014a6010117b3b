#include "core/hash.h"

#include <sodium.h>

namespace xorch {

struct Hasher::State {
    crypto_generichash_state blake;
};

UnitId hash_unit(std::string_view bytes) {
    UnitId id;
    crypto_generichash(
        id.bytes.data(),
        id.bytes.size(),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        bytes.size(),
        nullptr,
        0
    );
    return id;
}

Hasher::Hasher() : state_(std::make_unique<State>()) {
    crypto_generichash_init(&state_->blake, nullptr, 0, sizeof(UnitId::bytes));
}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::add(std::string_view bytes) {
    crypto_generichash_update(
        &state_->blake, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()
    );
}

std::string Hasher::finish() {
    UnitId id;
    crypto_generichash_final(&state_->blake, id.bytes.data(), id.bytes.size());
    return format_unit_id(id);
}

std::string hash_text(std::string_view bytes) {
    return format_unit_id(hash_unit(bytes));
}

}  // namespace xorch
