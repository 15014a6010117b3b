#include "worker/attempt/ownership.h"

#include <unistd.h>

#include <algorithm>

namespace xorch {

namespace {

const std::vector<Process> nothing;

bool lives(const Process& process) {
    return process.state != 'Z' && process.state != 'X';
}

bool contains(const std::vector<Process>& processes, const Process& process) {
    return std::find(processes.begin(), processes.end(), process) != processes.end();
}

}  // namespace

void Ownership::add(ProcessOwner owner) {
    owners_.push_back(std::move(owner));
}

void Ownership::remove(std::uint64_t serial) {
    std::erase_if(owners_, [&](const ProcessOwner& owner) { return owner.serial == serial; });
    for (Stranger& stranger : strangers_)
        stranger.suspects.erase(serial);
    std::erase_if(strangers_, [](const Stranger& stranger) {
        const auto current = look_at(stranger.process.pid);
        return !current || !(*current == stranger.process);
    });
}

std::vector<Process> Ownership::processes_of(std::uint64_t serial) {
    std::vector<Process> found;
    const auto owner = std::find_if(owners_.begin(), owners_.end(), [&](const ProcessOwner& each) {
        return each.serial == serial;
    });
    if (owner == owners_.end()) return found;
    for (Process& root : roots_of(*owner)) {
        std::vector<Process> below = descendants_of(root.pid);
        found.push_back(std::move(root));
        for (Process& process : below) {
            if (!contains(found, process)) found.push_back(std::move(process));
        }
    }
    std::erase_if(found, [](const Process& process) { return !lives(process); });
    return found;
}

void Ownership::refresh() {
    for (ProcessOwner& owner : owners_)
        owner.known = processes_of(owner.serial);
}

const std::vector<Process>& Ownership::known_of(std::uint64_t serial) const {
    for (const ProcessOwner& owner : owners_) {
        if (owner.serial == serial) return owner.known;
    }
    return nothing;
}

std::vector<Process> Ownership::roots_of(const ProcessOwner& owner) {
    std::vector<Process> roots;
    for (const pid_t pid : children_of(::getpid())) {
        if (is_anothers_main(pid, owner.serial)) continue;
        if (pid != owner.main && bystanders_.contains(pid)) continue;
        auto process = look_at(pid);
        if (!process || !lives(*process)) continue;
        const bool owned =
            belongs_to(*process, owner) || (!is_claimed_by_another(*process, owner.serial) &&
                                            is_last_suspect(*process, owner.serial));
        if (owned) roots.push_back(std::move(*process));
    }
    return roots;
}

bool Ownership::is_anothers_main(pid_t pid, std::uint64_t serial) const {
    return std::any_of(owners_.begin(), owners_.end(), [&](const ProcessOwner& owner) {
        return owner.main == pid && owner.serial != serial;
    });
}

bool Ownership::belongs_to(const Process& process, const ProcessOwner& owner) const {
    if (process.pid == owner.main || process.session == owner.main) return true;
    if (contains(owner.known, process)) return true;
    const auto unit = environment_of(process.pid, "XORCH_UNIT_ID");
    if (!unit || *unit != owner.unit_id) return false;
    const auto attempt = environment_of(process.pid, "XORCH_ATTEMPT");
    return attempt && *attempt == owner.attempt;
}

bool Ownership::is_claimed_by_another(const Process& process, std::uint64_t serial) const {
    return std::any_of(owners_.begin(), owners_.end(), [&](const ProcessOwner& owner) {
        return owner.serial != serial && belongs_to(process, owner);
    });
}

bool Ownership::is_last_suspect(const Process& process, std::uint64_t serial) {
    auto known = std::find_if(strangers_.begin(), strangers_.end(), [&](const Stranger& stranger) {
        return stranger.process == process;
    });
    if (known == strangers_.end()) {
        Stranger stranger{.process = process};
        for (const ProcessOwner& owner : owners_)
            stranger.suspects.insert(owner.serial);
        known = strangers_.insert(strangers_.end(), std::move(stranger));
    }
    // An attempt that started later than the orphan was seen has nothing to do with it, but
    // somebody must end what outlived all its suspects.
    return known->suspects.empty() ||
           (known->suspects.size() == 1 && known->suspects.contains(serial));
}

}  // namespace xorch
