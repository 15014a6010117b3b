// How fast the journal is: appending with a sync per commit, and replaying finished units. Run by
// hand in a release build; TMPDIR chooses the file system that is measured.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "coordinator/journal/journal.h"
#include "core/io/posix_disk.h"

namespace xorch {
namespace {

constexpr std::int64_t units_max = 1'000'000;

// As short units of a real sweep look: one row of a few metrics, output in a pack.
UnitFinished finished_unit(std::uint32_t index) {
    UnitFinished fact;
    fact.unit = {StageIndex{0}, index};
    fact.attempt = AttemptNumber{1};
    fact.end.rows = R"({"accuracy":0.9312,"macro_f1":0.8841,"epochs":20})"
                    "\n";
    fact.end.started_unix = Millis(1'700'000'000'000);
    fact.end.ran = Millis(1234);
    fact.end.output = {"00000000deadbeef-1.pack", 4096ULL * index, 512};
    fact.end.env_key = "python-3.11-x86";
    return fact;
}

// A new journal in a folder of its own.
class BenchJournal {
 public:
    BenchJournal() {
        XORCH_CHECK(::mkdtemp(path_.data()) != nullptr, "the bench needs a writable TMPDIR");
        auto writer = JournalWriter::claim(disk_, path_, {}, {}, "bench");
        XORCH_CHECK(writer.has_value(), "the bench could not claim its journal");
        writer_ = std::make_unique<JournalWriter>(std::move(*writer));
    }

    ~BenchJournal() {
        std::error_code ignored;  // left to whoever cleans TMPDIR
        std::filesystem::remove_all(path_, ignored);
    }

    BenchJournal(const BenchJournal&) = delete;
    BenchJournal& operator=(const BenchJournal&) = delete;

    void stage(std::uint32_t index) {
        writer_->stage({.at_unix = Millis(1'700'000'001'000), .facts = {finished_unit(index)}});
    }

    std::size_t commit() {
        const std::string bytes = writer_->take_staged();
        XORCH_CHECK(writer_->write(bytes).has_value(), "the bench could not write its journal");
        return bytes.size();
    }

    std::int64_t replay() {
        std::int64_t facts = 0;
        const auto end =
            replay_journal(disk_, path_, [&](const FactBatch& batch, FactLocation) -> Result<void> {
                facts += static_cast<std::int64_t>(batch.facts.size());
                return {};
            });
        XORCH_CHECK(end.has_value(), "the bench could not read its journal");
        return facts;
    }

 private:
    std::string path_ = (std::filesystem::temp_directory_path() / "xorch-bench-XXXXXX").string();
    PosixDisk disk_;
    std::unique_ptr<JournalWriter> writer_;
};

// One commit of so many finished units: encode, append, sync.
void commit_units(benchmark::State& state) {
    BenchJournal journal;
    std::uint32_t index = 0;
    std::size_t bytes = 0;
    for ([[maybe_unused]] auto turn : state) {
        for (std::int64_t i = 0; i < state.range(0); ++i)
            journal.stage(index++);
        bytes += journal.commit();
    }
    state.SetItemsProcessed(index);
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

BENCHMARK(commit_units)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->UseRealTime();

// Reading and decoding a journal of so many finished units, one batch each: nothing is applied.
void replay_units(benchmark::State& state) {
    BenchJournal journal;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        journal.stage(static_cast<std::uint32_t>(i));
        if (i % 10'000 == 0) journal.commit();
    }
    const std::size_t last = journal.commit();
    benchmark::DoNotOptimize(last);
    for ([[maybe_unused]] auto turn : state) {
        XORCH_CHECK(journal.replay() == state.range(0), "the bench read something else");
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(replay_units)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Arg(units_max)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace xorch

BENCHMARK_MAIN();
