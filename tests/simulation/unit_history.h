#pragma once

// What the world knows about units whoever runs them: how far they came, what was sealed, what was
// damaged on purpose. The scripted attempts write it and hold it against what production code gives
// them (invariants I4, I11, I12).

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/ids.h"
#include "tests/simulation/scenario.h"

namespace xorch::simulation {

struct UnitStory {
    std::map<std::uint32_t, std::uint32_t> steps_done;  // by attempt
    std::uint32_t failures = 0;                         // attempts that failed by script
    std::uint32_t started = 0;
    std::uint32_t seed = 0;
    bool seen = false;

    // How far the attempts up to this one came. What later ones reached is not for one that a
    // superseded agent, which nobody could tell, takes from its queue.
    std::uint32_t steps_through(std::uint32_t attempt) const {
        std::uint32_t most = 0;
        for (const auto& [number, steps] : steps_done) {
            if (number <= attempt) most = std::max(most, steps);
        }
        return most;
    }
};

class UnitHistory {
 public:
    UnitStory& story(const UnitId& id) { return stories_[id]; }

    void on_damaged(const std::string& file) { damaged_.insert(file); }

    bool is_damaged(const std::string& checkpoint_path) const {
        const auto found = damaged_.lower_bound(checkpoint_path + "/");
        return found != damaged_.end() && found->starts_with(checkpoint_path + "/");
    }

    // Invariants found broken; the first one counts.
    void violate(const std::string& what) { violations_.push_back(what); }

    const std::vector<std::string>& violations() const { return violations_; }

 private:
    std::map<UnitId, UnitStory> stories_;
    std::set<std::string> damaged_;
    std::vector<std::string> violations_;
};

}  // namespace xorch::simulation
