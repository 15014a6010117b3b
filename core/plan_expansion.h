#pragma once

// What Plan keeps: the stages' spaces, and for each expanded stage its units and joins. Internal to
// core/plan*.cpp; plan.h says what the words mean.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/plan.h"
#include "core/plan_join.h"
#include "core/plan_space.h"

namespace xorch {

// What a promoted unit brings along from the selection's stage.
struct Inherited {
    std::optional<UnitKey> from{};  // the promoted unit; nothing for other stages
    Object params;                  // those that the stage does not name itself
    Object axes;                    // the ones among them that were axes
    Object identity;                // `params` with paths replaced by their hashes
};

// Text around what differs between the units of a stage in the canonical JSON of their identities.
struct IdentityText {
    std::string before_inputs;
    std::string before_params;
    std::string after_seed;
};

struct ExpandedStage {
    StageSpace space;
    std::vector<std::uint32_t> needs;     // stage indices
    std::optional<std::uint32_t> select;  // of `promote`
    std::vector<std::string> axis_names;  // own, then inherited
    IdentityText identity;
    bool dynamic = false;  // its units hang on a selection, its own or that of a stage it needs

    bool expanded = false;
    bool decided = false;  // of `promote`: promote() was called
    std::uint32_t count = 0;
    std::vector<Inherited> inherited;  // one per promoted unit; one empty for other stages
    bool listed = false;               // ranks are stored, because not every rank is a unit
    std::vector<std::uint64_t> ranks;
    std::vector<std::uint32_t> first;  // if listed: where each promoted unit's ranks begin
    std::vector<Join> joins;           // by `needs`
    std::vector<std::pair<std::uint32_t, UnitKey>> same;  // by index
};

// What makes a unit, apart from its inputs and what its stage runs.
struct Identity {
    std::string params;                     // canonical JSON
    std::optional<std::uint32_t> own_seed;  // the parameter `seed`
};

// One unit, located.
struct Place {
    const Inherited& inherited;
    std::uint64_t rank;
};

struct Plan::Expansion {
    Sweep sweep;
    std::vector<ExpandedStage> stages;
    std::vector<std::uint32_t> order;  // every stage after those it needs or promotes from

    // plan_expansion.cpp
    Result<void> prepare();
    Result<void> expand(std::uint32_t stage);
    Result<void> expand_where_possible();
    void inherit(std::uint32_t stage, std::span<const UnitKey> chosen);
    void forget(std::uint32_t stage);  // and those that need it
    Place place(UnitKey unit) const;
    Object parameters(UnitKey unit) const;
    Object axes(UnitKey unit) const;
    Object identity_parameters(UnitKey unit) const;
    std::size_t memory_bytes() const;

    // plan_inputs.cpp
    Result<void> join_inputs(std::uint32_t stage);
    Result<std::vector<Join>> make_joins(std::uint32_t stage) const;

    // plan_identity.cpp
    UnitId id(UnitKey unit) const;
    std::uint32_t seed(UnitKey unit) const;
    Result<void> refuse_duplicates(std::uint32_t stage) const;
    void find_same_units();

 private:
    Result<void> resolve_names();
    Result<void> sort_stages();
    void name_axes(std::uint32_t stage);
    Result<void> list_points(std::uint32_t stage);
    void drop(std::uint32_t stage, const std::vector<bool>& dropped);
    std::string digest_of_inputs(const Join& join, std::uint32_t group) const;
    Identity identity(UnitKey unit) const;
    std::uint32_t seed_of(const Identity& identity) const;
};

// The definition of a stage's units as identities see it, without what differs between them.
IdentityText make_identity_text(const Stage& stage);

}  // namespace xorch
