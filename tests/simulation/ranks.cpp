#include "tests/simulation/ranks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "tests/simulation/agent_process.h"
#include "tests/simulation/allocations.h"
#include "tests/simulation/network.h"
#include "tests/simulation/world.h"

namespace xorch::simulation {

namespace {

LentRanks name_of(const Assignment& gang) {
    return {gang.id, gang.attempt};
}

}  // namespace

std::uint32_t host_of(const std::string& node) {
    const std::size_t digits = node.find_first_of("0123456789");
    if (digits == std::string::npos) return 0;
    return static_cast<std::uint32_t>(std::strtoul(node.c_str() + digits, nullptr, 10));
}

void Ranks::start(const Assignment& gang) {
    const std::uint32_t each = world_.scenario.sweep.stages[gang.unit.stage.value].resources.cpus;
    for (std::size_t i = 1; i < gang.hosts.size(); ++i) {
        const Rank rank{
            .gang = name_of(gang),
            .host = host_of(gang.hosts[i].node),
            .cpus = each * gang.hosts[i].ranks,
            .alone = gang.alone};
        if (world_.allocations->is_lost(rank.host)) continue;
        check(rank);
        all_.push_back(rank);
    }
}

void Ranks::check(const Rank& rank) const {
    std::uint32_t cpus = rank.cpus + cpus_on(rank.host);
    bool is_alone = !any_on(rank.host);
    for (const auto& agent : world_.agents) {
        if (agent->place().host != rank.host || !agent->alive()) continue;
        cpus += agent->cpus_in_use();
        is_alone = is_alone && agent->attempts() == 0;
    }
    const std::string name = fmt::format("ranks of {}", format_unit_id(rank.gang.id));
    if (cpus > world_.scenario.capacity.cpus) {
        world_.violate(
            fmt::format("I9: {} CPUs in use on node {} when {} start", cpus, rank.host, name)
        );
    }
    if ((rank.alone || any_alone_on(rank.host)) && !is_alone) {
        world_.violate(fmt::format("I9: {} are not alone on node {}", name, rank.host));
    }
    for (const Rank& other : all_) {
        if (other.host == rank.host && other.gang.id == rank.gang.id) {
            world_.violate(fmt::format("I8: {} of two attempts on node {}", name, rank.host));
        }
    }
}

void Ranks::end(const Assignment& gang, bool launcher_killed) {
    const std::uint32_t leader = gang.hosts.empty() ? 0 : host_of(gang.hosts.front().node);
    std::erase_if(all_, [&](const Rank& rank) {
        const bool reached = !launcher_killed || world_.network->reaches(leader, rank.host);
        return reached && rank.gang == name_of(gang);
    });
}

void Ranks::lose_one(const Assignment& gang) {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const Rank& rank) {
        return rank.gang == name_of(gang);
    });
    if (found != all_.end()) all_.erase(found);
}

bool Ranks::are_whole(const Assignment& gang) const {
    if (gang.hosts.empty()) return true;
    const auto nodes = std::count_if(all_.begin(), all_.end(), [&](const Rank& rank) {
        return rank.gang == name_of(gang);
    });
    return static_cast<std::size_t>(nodes) + 1 == gang.hosts.size();
}

void Ranks::end_on(std::uint32_t host, const LentRanks& gang) {
    std::erase_if(all_, [&](const Rank& rank) { return rank.host == host && rank.gang == gang; });
}

void Ranks::end_all_on(std::uint32_t host, std::span<const LentRanks> but) {
    std::erase_if(all_, [&](const Rank& rank) {
        const bool stays = std::find(but.begin(), but.end(), rank.gang) != but.end();
        return rank.host == host && !stays;
    });
}

std::uint32_t Ranks::cpus_on(std::uint32_t host) const {
    std::uint32_t cpus = 0;
    for (const Rank& rank : all_)
        cpus += rank.host == host ? rank.cpus : 0;
    return cpus;
}

bool Ranks::any_on(std::uint32_t host) const {
    return cpus_on(host) > 0;
}

bool Ranks::any_alone_on(std::uint32_t host) const {
    return std::any_of(all_.begin(), all_.end(), [host](const Rank& rank) {
        return rank.host == host && rank.alone;
    });
}

}  // namespace xorch::simulation
