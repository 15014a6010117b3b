#include "tests/simulation/faults.h"

#include <fmt/format.h>

#include <string_view>

namespace xorch::simulation {

namespace {

// Nothing, or something between rare and frequent.
Millis rate(Dice& dice, double probability) {
    if (!dice.chance(probability)) return Millis{0};
    return dice.between(Millis{20'000}, Millis{200'000});
}

class Listing {
 public:
    void add(std::string_view name, Millis mean) {
        if (mean != Millis{0}) say(fmt::format("{} every {} s", name, mean.count() / 1'000));
    }

    void add(std::string_view name, bool there) {
        if (there) say(name);
    }

    std::string text() const { return text_.empty() ? "none" : text_; }

 private:
    void say(std::string_view what) {
        if (!text_.empty()) text_ += ", ";
        text_ += what;
    }

    std::string text_;
};

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
    if (dice.chance(0.3)) faults.sbatch_silent = 0.3;
    if (dice.chance(0.3)) faults.squeue_forgets = 0.1;
    faults.ends_move = dice.chance(0.3);
    faults.requeued = rate(dice, 0.3);
    faults.preempted = rate(dice, 0.3);
    faults.last = dice.between(Millis{60'000}, Millis{500'000});
    return faults;
}

std::string describe_faults(const Faults& faults, bool on_slurm) {
    Listing list;
    list.add("agents killed", faults.agent_killed);
    list.add("nodes lost", faults.node_lost);
    list.add("coordinators killed", faults.coordinator_killed);
    list.add("their hosts lost", faults.coordinator_host_lost);
    list.add("coordinators paused", faults.coordinator_paused);
    list.add("connections broken", faults.disconnected);
    list.add("connections cut", faults.cut);
    list.add("checkpoints damaged", faults.checkpoint_damaged);
    list.add("stops", faults.stop_requested);
    list.add("clients", faults.client_acts);
    list.add("coordinators die in writes", faults.dies_in_writes);
    list.add("writes fail", faults.writes_fail);
    list.add("agents die in writes", faults.agent_dies_in_writes);
    list.add("a slow network", faults.slow_network);
    list.add("a slow disk", faults.slow_disk);
    list.add("stale listings", faults.stale_listings);
    list.add("allocations end", faults.allocation_length);
    list.add("clocks differ", faults.clocks_differ && !on_slurm);
    list.add("sbatch refuses", faults.sbatch_refuses > 0 && on_slurm);
    list.add("sbatch answers too late", faults.sbatch_silent > 0 && on_slurm);
    list.add("squeue leaves jobs out", faults.squeue_forgets > 0 && on_slurm);
    list.add("ends move", faults.ends_move && on_slurm);
    list.add("jobs requeued", on_slurm ? faults.requeued : Millis{0});
    list.add("jobs preempted", on_slurm ? faults.preempted : Millis{0});
    return list.text();
}

}  // namespace xorch::simulation
