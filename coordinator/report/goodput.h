#pragma once

// How well the time that nodes were lent for was used, told from the journal. Reads all of it once.
//
// A node that holds n units of a stage at once has n slots, and a unit takes 1/n of the node while
// it runs, a gang its part of each of its nodes; so stages of different sizes add up. What is
// measured is node time: with one stage goodput is unit-seconds that count / slot-seconds
// allocated.

#include <string>
#include <vector>

#include "coordinator/report/sweep_reader.h"
#include "core/error.h"
#include "core/time.h"
#include "core/value.h"

namespace xorch {

// Node-milliseconds. The parts are disjoint, and their sum is what was allocated, up to clocks of
// different hosts.
struct Goodput {
    double counts =
        0;  // of done and hopeless units, and of open ones up to their newest checkpoint
    double running = 0;   // attempts that have not ended
    double start_up = 0;  // until a node's agent starts its first unit
    double drain = 0;     // nothing could be started any more before the allocation's end
    double repeated = 0;  // after the newest checkpoint of attempts that were stopped
    double idle = 0;      // slots without a unit
    double lost = 0;      // failed and cancelled units, lost agents, nodes that nobody used

    double allocated() const;
    double share() const;  // counts / allocated(), 0..1; 0 where nothing was allocated
};

Result<Goodput> measure_goodput(const SweepReader& sweep);

// "goodput: 83 % of 2.1 node-hours; start-up 3 %, idle 14 %", without parts below 0.5 %. No line
// where nothing was allocated.
std::vector<std::string> goodput_lines(const Goodput& goodput);

// Seconds, and the share as a number.
Object goodput_json(const Goodput& goodput);

}  // namespace xorch
