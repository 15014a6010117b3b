#include "tests/support/random_facts.h"

#include <array>
#include <string>

namespace xorch {

namespace {

using Random = std::mt19937_64;

std::uint32_t number(Random& random) {
    return static_cast<std::uint32_t>(random());
}

std::string text(Random& random) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes)
        byte = static_cast<char>(random());
    return bytes;
}

bool coin(Random& random) {
    return random() % 2 == 0;
}

Millis millis(Random& random) {
    return Millis(static_cast<std::int64_t>(random() >> 8U));
}

UnitKey unit(Random& random) {
    return {StageIndex{number(random)}, number(random)};
}

AttemptNumber attempt(Random& random) {
    return AttemptNumber{number(random)};
}

Capacity capacity(Random& random) {
    return {number(random), number(random), Bytes{random()}};
}

AttemptEnd end_of_attempt(Random& random) {
    AttemptEnd end;
    end.cause = static_cast<Cause>(random() % (static_cast<unsigned>(Cause::hopeless) + 1));
    end.exit_code = static_cast<int>(number(random));
    end.signal = static_cast<int>(number(random));
    end.message = text(random);
    end.tail = text(random);
    end.rows = text(random);
    end.started_unix = millis(random);
    end.ran = millis(random);
    end.output = {text(random), random(), random()};
    end.checkpoint_sequence = random();
    end.checkpoint_step = coin(random) ? -1 : static_cast<std::int64_t>(random());
    end.resumed = coin(random);
    end.env_key = text(random);
    end.memory_peak = Bytes{random()};
    end.unfit_node = text(random);
    return end;
}

std::vector<GangShare> gang(Random& random) {
    std::vector<GangShare> shares(random() % 4);
    for (GangShare& one : shares)
        one = {IncarnationId{random()}, number(random)};
    return shares;
}

std::vector<AssignedUnit> assigned(Random& random) {
    std::vector<AssignedUnit> units(random() % 4);
    for (AssignedUnit& one : units)
        one = {unit(random), attempt(random)};
    return units;
}

std::vector<UnitKey> unit_keys(Random& random) {
    std::vector<UnitKey> keys(random() % 4);
    for (UnitKey& key : keys)
        key = unit(random);
    return keys;
}

std::vector<UnitRange> ranges(Random& random) {
    std::vector<UnitRange> all(random() % 4);
    for (UnitRange& range : all)
        range = {StageIndex{number(random)}, number(random), number(random)};
    return all;
}

// In the order of the variant.
using Maker = Fact (*)(Random&);
constexpr std::array<Maker, std::variant_size_v<Fact>> makers = {
    [](Random& r) -> Fact {
        return AllocationIntended{
            AllocationId{number(r)}, text(r), number(r), AllocationId{number(r)}};
    },
    [](Random& r) -> Fact {
        return AllocationSubmitted{AllocationId{number(r)}, text(r)};
    },
    [](Random& r) -> Fact {
        return AllocationStarted{AllocationId{number(r)}, millis(r), millis(r)};
    },
    [](Random& r) -> Fact {
        return AllocationEnded{AllocationId{number(r)}, text(r)};
    },
    [](Random& r) -> Fact {
        return AgentJoined{IncarnationId{r()}, AllocationId{number(r)}, text(r), capacity(r)};
    },
    [](Random& r) -> Fact {
        return AgentGone{IncarnationId{r()}, coin(r), text(r)};
    },
    [](Random& r) -> Fact {
        return UnitsAssigned{IncarnationId{r()}, coin(r), assigned(r), gang(r)};
    },
    [](Random& r) -> Fact {
        return UnitFinished{unit(r), attempt(r), end_of_attempt(r)};
    },
    [](Random& r) -> Fact {
        return UnitAdopted{unit(r), text(r), end_of_attempt(r)};
    },
    [](Random& r) -> Fact {
        return UnitGivenBack{unit(r), attempt(r), end_of_attempt(r)};
    },
    [](Random& r) -> Fact {
        return UnitFailed{unit(r), attempt(r), end_of_attempt(r)};
    },
    [](Random& r) -> Fact {
        const auto step = static_cast<std::int64_t>(r());
        return CheckpointSealed{unit(r), attempt(r), r(), step, millis(r)};
    },
    [](Random& r) -> Fact { return UnitsCancelled{ranges(r)}; },
    [](Random& r) -> Fact { return UnitsRevived{ranges(r)}; },
    [](Random& r) -> Fact {
        return WaveOpened{StageIndex{number(r)}, number(r)};
    },
    [](Random& r) -> Fact {
        return SelectionDecided{number(r), unit_keys(r), text(r)};
    },
    [](Random& r) -> Fact { return SweepPaused{text(r)}; },
    [](Random&) -> Fact { return SweepContinued{}; },
    [](Random& r) -> Fact {
        return NodeBlamed{text(r), text(r)};
    },
    [](Random& r) -> Fact {
        return ResultRefused{unit(r), attempt(r), text(r), text(r)};
    },
    [](Random& r) -> Fact {
        return RequestDone{text(r), text(r)};
    },
    [](Random& r) -> Fact {
        return NotificationSent{text(r), text(r)};
    },
    [](Random& r) -> Fact { return EpochEnded{text(r)}; },
    [](Random& r) -> Fact {
        return AllocationRefused{AllocationId{number(r)}, text(r), coin(r)};
    },
    [](Random& r) -> Fact {
        return UnitReopened{unit(r), text(r)};
    },
    [](Random& r) -> Fact {
        return UnitFoundHopeless{unit(r), attempt(r), end_of_attempt(r)};
    },
};

}  // namespace

Fact random_fact(std::mt19937_64& random, std::size_t kind) {
    return makers.at(kind)(random);
}

FactBatch random_batch(std::mt19937_64& random) {
    FactBatch batch{.at_unix = millis(random), .facts = {}};
    const std::size_t count = 1 + random() % 4;
    for (std::size_t i = 0; i < count; ++i) {
        Fact fact = random_fact(random, random() % makers.size());
        while (std::holds_alternative<EpochEnded>(fact))
            fact = random_fact(random, random() % makers.size());
        batch.facts.push_back(std::move(fact));
    }
    return batch;
}

}  // namespace xorch
