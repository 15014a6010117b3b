#pragma once

// Names in the column `checks` of records: what a reader of the table has to know.

#include <string_view>

namespace xorch::beats {

// Marks of rhythm or noise, which are no beats: left out, or taken for class O on request.
inline constexpr std::string_view check_non_beat_dropped = "NON_BEAT_DROPPED";
inline constexpr std::string_view check_non_beat_as_other = "NON_BEAT_AS_OTHER";
// Spikes are easy to see: a class O of such recordings says little about fusion beats.
inline constexpr std::string_view check_mostly_paced = "MOSTLY_PACED";
inline constexpr std::string_view check_lead_substituted = "LEAD_SUBSTITUTED";
inline constexpr std::string_view check_lead_missing = "LEAD_MISSING";
// One patient has two recordings; the published DS1 and DS2 have one each.
inline constexpr std::string_view check_patient_on_both_sides = "PATIENT_ON_BOTH_SIDES";
inline constexpr std::string_view check_record_unused = "RECORD_UNUSED";
// Seen before the first step: what the classes pull at the network, and where a limit on weights
// keeps a sampler from its target.
inline constexpr std::string_view check_gradient_lopsided = "GRADIENT_LOPSIDED";
inline constexpr std::string_view check_mix_capped = "MIX_CAPPED";
// Seen in what the network answers.
inline constexpr std::string_view check_collapse = "COLLAPSE";
// The log of a training ends while the search for a better epoch would go on.
inline constexpr std::string_view check_log_ends_first = "LOG_ENDS_FIRST";

}  // namespace xorch::beats
