#include "slurm/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "slurm/time_text.h"

namespace xorch {

namespace {

tl::unexpected<Error> refuse(std::string message) {
    return fail(ErrorCode::invalid_input, std::move(message));
}

// The largest of one quantity over the partitions; nothing if there are none or if one does not
// say.
template <class Read>
auto largest(const std::vector<PartitionFacts>& partitions, Read read)
    -> decltype(read(partitions.front())) {
    decltype(read(partitions.front())) result;
    for (const PartitionFacts& partition : partitions) {
        const auto value = read(partition);
        if (!value) return std::nullopt;
        if (!result || *value > *result) result = value;
    }
    return result;
}

// A limit as a length; nothing if there is none or if it is unknown.
std::optional<Millis> bounded(const std::optional<TimeLimit>& limit) {
    if (!limit || limit->unlimited) return std::nullopt;
    return limit->length;
}

std::optional<Millis> longest_of(const PartitionFacts& partition) {
    return bounded(partition.time_max);
}

std::optional<Millis> default_of(const PartitionFacts& partition) {
    return bounded(partition.time_default ? partition.time_default : partition.time_max);
}

// 0 means that a group of nodes did not say.
template <class Number>
std::optional<Number> known(Number number) {
    if (number == Number{}) return std::nullopt;
    return number;
}

// How long one allocation lasts, and where that is said.
struct Length {
    std::optional<Millis> time;
    std::string source;
};

Length allocation_length(const AllocationOffer& offer) {
    if (offer.options.time > Millis{0}) {
        // Slurm rounds up.
        return {std::chrono::ceil<std::chrono::minutes>(offer.options.time), "slurm.time"};
    }
    return {largest(offer.partitions, default_of), "the partition's default"};
}

Result<void> check_time(const UnitDemand& demand, const AllocationOffer& offer) {
    const auto [time, source] = allocation_length(offer);
    if (!time) return {};
    const Millis usable = *time - offer.overhead;
    const std::string arithmetic = fmt::format(
        "an allocation gives {} ({}: {}, less {} for start and drain)",
        format_time_span(std::max(usable, Millis{0})),
        source,
        format_time_span(*time),
        format_time_span(offer.overhead)
    );
    if (demand.resources.time > usable) {
        return refuse(fmt::format(
            "stage \"{}\": a unit needs {} in one piece (resources.time), but {}; raise "
            "slurm.time, "
            "or save checkpoints more often and lower resources.time",
            demand.stage,
            format_time_span(demand.resources.time),
            arithmetic
        ));
    }
    if (!demand.has_checkpoints && demand.longest > usable) {
        return refuse(fmt::format(
            "stage \"{}\": a unit may take {} (limits.timeout) and has no checkpoints to go on "
            "from, but {}; raise slurm.time, lower limits.timeout, or save checkpoints",
            demand.stage,
            format_time_span(demand.longest),
            arithmetic
        ));
    }
    return {};
}

// What one node gives of a quantity: what is asked for, else the largest node's.
template <class Number, class Read>
std::optional<Number> per_node(const AllocationOffer& offer, Number asked, Read read) {
    if (asked != Number{}) return asked;
    return largest(offer.partitions, [&](const PartitionFacts& p) { return known(read(p)); });
}

// How many ranks a node has room for; nothing if that is unknown.
std::optional<std::uint64_t> room(std::uint64_t each, std::optional<std::uint64_t> whole) {
    if (each == 0 || !whole) return std::nullopt;
    return *whole / each;
}

struct NodeShare {
    std::string_view name;  // of the key under resources
    std::string_view source;
    std::uint64_t each = 0;  // of one rank
    std::optional<std::uint64_t> whole;
};

std::vector<NodeShare> node_shares(const UnitDemand& demand, const AllocationOffer& offer) {
    const SlurmOptions& options = offer.options;
    // Then all that a node has is the job's, whatever else it asks for.
    const bool exclusive = options.options.count("exclusive") > 0;
    const std::uint32_t asked_cpus = exclusive ? 0 : options.cpus_per_node;
    const auto cpus =
        per_node(offer, asked_cpus, [](const PartitionFacts& p) { return p.cpus_per_node; });
    const auto memory = per_node(offer, options.memory_per_node.value, [](const PartitionFacts& p) {
        return p.memory_per_node.value;
    });
    // An allocation that asks for no GPUs has none, unless another option asks for them.
    std::optional<std::uint64_t> gpus = options.gpus_per_node;
    if (exclusive || options.options.count("gres") > 0) gpus.reset();
    return {
        {"cpus",   "slurm.cpus_per_node",   demand.resources.cpus,         cpus  },
        {"gpus",   "slurm.gpus_per_node",   demand.resources.gpus,         gpus  },
        {"memory", "slurm.memory_per_node", demand.resources.memory.value, memory},
    };
}

Result<void> check_nodes(const UnitDemand& demand, const AllocationOffer& offer) {
    const std::uint64_t ranks = std::max(demand.resources.ranks, 1U);
    const std::uint64_t wanted = demand.resources.ranks_per_node;
    std::uint64_t together = wanted > 0 ? std::min(wanted, ranks) : ranks;
    for (const NodeShare& share : node_shares(demand, offer)) {
        const auto ranks_there = room(share.each, share.whole);
        if (!ranks_there) continue;
        const std::uint64_t least = wanted > 0 ? together : 1;
        if (*ranks_there < least) {
            return refuse(fmt::format(
                "stage \"{}\": {} of {} {} (resources.{}) on one node are {}, but a node of an "
                "allocation has {}; raise {}",
                demand.stage,
                least == 1 ? "a rank" : fmt::format("{} ranks", least),
                share.each,
                share.name == "memory" ? "bytes" : share.name,
                share.name,
                least * share.each,
                *share.whole,
                share.source
            ));
        }
        together = std::min(together, *ranks_there);
    }
    const std::uint64_t nodes = (ranks - 1) / together + 1;
    if (nodes <= offer.options.nodes) return {};
    return refuse(fmt::format(
        "stage \"{}\": {} ranks, at most {} on one node, need {} nodes, but an allocation has {} "
        "(slurm.nodes); raise it",
        demand.stage,
        ranks,
        together,
        nodes,
        offer.options.nodes
    ));
}

}  // namespace

Result<void> check_fit(const UnitDemand& demand, const AllocationOffer& offer) {
    if (auto fits = check_time(demand, offer); !fits) return fits;
    return check_nodes(demand, offer);
}

Result<void> check_offer(const AllocationOffer& offer) {
    const SlurmOptions& options = offer.options;
    const auto longest = largest(offer.partitions, longest_of);
    const Millis asked = std::chrono::ceil<std::chrono::minutes>(options.time);
    if (longest && asked > *longest) {
        return refuse(fmt::format(
            "slurm.time is {}, but the partition allows {}; lower it: units go on in the next "
            "allocation",
            format_time_span(asked),
            format_time_span(*longest)
        ));
    }
    const auto check = [&](std::string_view name, std::uint64_t wanted, const auto& read) {
        const auto most =
            largest(offer.partitions, [&](const PartitionFacts& p) -> std::optional<std::uint64_t> {
                return known<std::uint64_t>(read(p));
            });
        if (!most || wanted <= *most) return Result<void>{};
        return Result<void>(refuse(
            fmt::format("slurm.{} is {}, but the partition has at most {}", name, wanted, *most)
        ));
    };
    auto fits = check("nodes", options.nodes, [](const PartitionFacts& p) {
        return std::min(p.nodes, p.nodes_per_job.value_or(p.nodes));
    });
    if (!fits) return fits;
    fits = check("cpus_per_node", options.cpus_per_node, [](const PartitionFacts& p) {
        return p.cpus_per_node;
    });
    if (!fits) return fits;
    fits = check("memory_per_node", options.memory_per_node.value, [](const PartitionFacts& p) {
        return p.memory_per_node.value;
    });
    if (!fits) return fits;
    // Here 0 is a fact: nodes without GPUs.
    const auto gpus = largest(offer.partitions, [](const PartitionFacts& p) {
        return std::optional(p.gpus_per_node);
    });
    if (!gpus || options.gpus_per_node <= *gpus) return {};
    return refuse(fmt::format(
        "slurm.gpus_per_node is {}, but the partition has at most {}", options.gpus_per_node, *gpus
    ));
}

}  // namespace xorch
