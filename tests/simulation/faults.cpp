#include "tests/simulation/faults.h"

namespace xorch::simulation {

namespace {

// Nothing, or something between rare and frequent.
Millis rate(Dice& dice, double probability) {
    if (!dice.chance(probability)) return Millis{0};
    return dice.between(Millis{20'000}, Millis{200'000});
}

}  // namespace

Faults draw_faults(Dice& dice) {
    Faults faults;
    faults.agent_killed = rate(dice, 0.4);
    faults.node_lost = rate(dice, 0.25);
    faults.coordinator_killed = rate(dice, 0.4);
    faults.coordinator_host_lost = rate(dice, 0.3);
    faults.coordinator_paused = rate(dice, 0.3);
    faults.disconnected = rate(dice, 0.4);
    faults.cut = rate(dice, 0.3);
    faults.checkpoint_damaged = rate(dice, 0.2);
    faults.stop_requested = rate(dice, 0.1);
    faults.client_acts = rate(dice, 0.4);
    faults.dies_in_writes = dice.chance(0.4);
    faults.writes_fail = dice.chance(0.2);
    faults.agent_dies_in_writes = dice.chance(0.2);
    faults.slow_network = dice.chance(0.3);
    faults.slow_disk = dice.chance(0.2);
    faults.clocks_differ = dice.chance(0.3);
    faults.stale_listings = dice.chance(0.3);
    if (dice.chance(0.35)) {
        faults.allocation_length = dice.between(Millis{60'000}, Millis{400'000});
    }
    faults.queue_delay = dice.between(Millis{1'000}, Millis{100'000});
    if (dice.chance(0.3)) faults.sbatch_refuses = 0.5;
    if (dice.chance(0.3)) faults.squeue_forgets = 0.1;
    faults.ends_move = dice.chance(0.3);
    faults.last = dice.between(Millis{60'000}, Millis{500'000});
    return faults;
}

}  // namespace xorch::simulation
