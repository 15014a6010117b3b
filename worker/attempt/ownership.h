#pragma once

// Which processes belong to which attempt. An attempt's tree is not enough: a daemon's parent is
// gone, so it is a child of this process (the subreaper), in a session of its own, perhaps with an
// empty environment. Loop thread only.

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "worker/os/process_tree.h"

namespace xorch {

// What is known of an attempt, to recognise its orphans by.
struct ProcessOwner {
    std::uint64_t serial = 0;    // of the attempt within this runner
    pid_t main = 0;              // leads the session that its children start in; reaped or not
    std::string unit_id;         // XORCH_UNIT_ID
    std::string attempt;         // XORCH_ATTEMPT
    std::vector<Process> known;  // seen in its tree before
};

class Ownership {
 public:
    void add(ProcessOwner owner);
    void remove(std::uint64_t serial);

    // A child that belongs to no attempt by itself: a runner, between units.
    void add_bystander(pid_t pid) { bystanders_.insert(pid); }

    void remove_bystander(pid_t pid) { bystanders_.erase(pid); }

    // The attempt's living processes, parents before children, its main process among them.
    std::vector<Process> processes_of(std::uint64_t serial);

    // The same for all attempts at once, remembered so that they are known as orphans later.
    void refresh();
    const std::vector<Process>& known_of(std::uint64_t serial) const;

 private:
    // An orphan that nothing ties to an attempt: one of those that ran when it appeared started it,
    // and the last of these to end takes it along.
    struct Stranger {
        Process process;
        std::set<std::uint64_t> suspects;
    };

    std::vector<Process> roots_of(const ProcessOwner& owner);
    bool is_anothers_main(pid_t pid, std::uint64_t serial) const;
    bool belongs_to(const Process& process, const ProcessOwner& owner) const;
    bool is_claimed_by_another(const Process& process, std::uint64_t serial) const;
    bool is_last_suspect(const Process& process, std::uint64_t serial);

    std::vector<ProcessOwner> owners_;
    std::vector<Stranger> strangers_;
    std::set<pid_t> bystanders_;
};

}  // namespace xorch
