// How a reign's loop ends: everybody is told, and what is told to go is waited for.

#include <poll.h>

#include <algorithm>
#include <array>

#include "coordinator/journal/alive.h"
#include "coordinator/serve/reign_content.h"
#include "core/io/clock.h"

namespace xorch {

ReignOutcome ReignLoop::Content::end() {
    speak();
    const auto marked = mark_ended(*parts.disk, settings().layout.alive(journal->epoch()));
    // Whoever waits for the sweep waits for our silence instead.
    if (!marked) log(marked.error().message);
    // Replies by file, keys that were removed.
    errands->finish();
    speak();
    await_allocations();
    now = read_clocks();
    return {
        .status = derived->finish(now),
        .handed_over = reign->state().has_open_allocations(),
        .stops = parts.wishes->count};
}

// So that nothing of ours runs any more when we return. What outlives this is found by the next
// epoch.
void ReignLoop::Content::await_allocations() {
    const Millis end = read_clocks().boot + settings().farewell;
    // After a hand-over they go on.
    if (reign->state().has_open_allocations()) agent_keys.clear();
    while (true) {
        now = read_clocks();
        hang_up();
        for (const AllocationEvent& event : parts.backend->poll(now)) {
            if (const auto* ended = std::get_if<AllocationEnded>(&event.what)) {
                agent_keys.erase(ended->allocation);
            }
        }
        notifier->poll(now);
        if ((agent_keys.empty() && notifier->is_idle()) || now.boot >= end) return;
        const Millis wake = std::min({end, parts.backend->next_poll(), notifier->next_poll()});
        std::array<pollfd, 2> watched{
            pollfd{.fd = parts.backend->descriptor(),        .events = POLLIN, .revents = 0},
            pollfd{.fd = socket ? socket->descriptor() : -1, .events = POLLIN, .revents = 0},
        };
        const Millis left = std::max(wake - now.boot, Millis(0));
        poll(watched.data(), watched.size(), static_cast<int>(left.count()));
    }
}

// Nothing is acknowledged once the reign is over. An agent whose last attempts took their grace to
// end would wait for that; the end of its connection tells it not to. Not before its goodbye: what
// it has not read yet is lost with the connection.
void ReignLoop::Content::hang_up() {
    if (!socket) return;
    hear_frames();
    speak();
    if (sent_away.empty()) socket.reset();
}

}  // namespace xorch
