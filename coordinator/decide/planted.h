#pragma once

// Bugs that can be built in on purpose (cmake -DXORCH_PLANTED_BUG=<name>), to show that the
// simulation finds them. All false in every build that anybody uses.

namespace xorch::planted {

#ifdef XORCH_PLANTED_ATTEMPT_REUSED
inline constexpr bool attempt_reused = true;
#else
inline constexpr bool attempt_reused = false;
#endif

#ifdef XORCH_PLANTED_COUNTED_TWICE
inline constexpr bool counted_twice = true;
#else
inline constexpr bool counted_twice = false;
#endif

#ifdef XORCH_PLANTED_SLOTS_TWICE
inline constexpr bool slots_twice = true;
#else
inline constexpr bool slots_twice = false;
#endif

#ifdef XORCH_PLANTED_ACK_BEFORE_SYNC
inline constexpr bool ack_before_sync = true;
#else
inline constexpr bool ack_before_sync = false;
#endif

#ifdef XORCH_PLANTED_CANCELLED_REPORTS
inline constexpr bool cancelled_reports = true;
#else
inline constexpr bool cancelled_reports = false;
#endif

#ifdef XORCH_PLANTED_SELECTION_TWICE
inline constexpr bool selection_twice = true;
#else
inline constexpr bool selection_twice = false;
#endif

}  // namespace xorch::planted
