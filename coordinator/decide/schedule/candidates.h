#pragma once

// The units of one stage that may be assigned now, in plan order, each handed out once. Those that
// wait for a retry are passed over, and while a wave of canaries is open there are only these.

#include <cstdint>
#include <optional>
#include <vector>

#include "coordinator/decide/rules/presence.h"
#include "coordinator/decide/state.h"

namespace xorch {

class Candidates {
 public:
    Candidates(const State& state, const Presence& presence, StageIndex stage);

    std::optional<std::uint32_t> peek() const { return next_; }

    std::uint32_t pop();

    // They are handed out again, before the rest.
    void put_back(const std::vector<std::uint32_t>& indices);

 private:
    bool is_delayed(std::uint32_t index) const;
    void list_canaries();
    void find_next();

    const State& state_;
    const Presence& presence_;
    StageIndex stage_;
    bool is_wave_;
    std::vector<std::uint32_t> canaries_;
    std::vector<std::uint32_t> returned_;  // the next one last
    std::uint32_t cursor_ = 0;
    std::optional<std::uint32_t> next_;
};

}  // namespace xorch
