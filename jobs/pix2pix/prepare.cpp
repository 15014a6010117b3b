// pix2pix.prepare: pairs of any layout become the arrays that the other jobs work on. It saves no
// checkpoints: 800 pairs take seconds.

#include <fmt/core.h>

#include <filesystem>
#include <map>

#include "core/check.h"
#include "jobs/pix2pix/data/synthetic.h"
#include "jobs/pix2pix/jobs.h"
#include "jobs/pix2pix/unit_pairs.h"

namespace xorch {

namespace pix2pix {

namespace {

// Made pairs go through files in the clinical layout, as real ones do.
Result<PairListing> make_listing(NativeUnit& unit) {
    const auto probe = unit.artifact("made/landmarks.csv");
    if (!probe) return tl::unexpected(probe.error());
    const std::string folder = std::filesystem::path(*probe).parent_path().string();
    const PairCounts counts{
        .train = static_cast<int>(unit.params().integer("made_train")),
        .others = static_cast<int>(unit.params().integer("made_others"))};
    const auto seed = static_cast<std::uint64_t>(unit.params().integer("seed"));
    if (auto made = make_pairs(folder, seed, counts); !made) return tl::unexpected(made.error());
    return list_pairs(folder);
}

Result<void> refuse_shared_ids(const PairSplits& splits) {
    std::map<std::string, std::size_t> split_of;
    for (std::size_t split = 0; split < splits.sets.size(); ++split) {
        for (const std::string& id : splits.sets[split].ids) {
            const auto [place, is_new] = split_of.emplace(id, split);
            if (is_new) continue;
            return fail(
                ErrorCode::invalid_input,
                fmt::format(
                    "LEAKAGE: id {} is in {} and in {}",
                    id,
                    split_names[place->second],
                    split_names[split]
                )
            );
        }
    }
    return {};
}

Result<void> prepare(NativeUnit& unit) {
    const std::string& data = unit.params().text("data");
    const auto listing = data.empty() ? make_listing(unit) : list_pairs(data);
    if (!listing) return tl::unexpected(listing.error());
    const auto side = static_cast<int>(unit.params().integer("side"));
    const auto pairs = load_pairs(*listing, side);
    if (!pairs) return tl::unexpected(pairs.error());
    if (auto ok = refuse_shared_ids(*pairs); !ok) return ok;
    if (auto left = leave_state(unit, pairs_folder, store_pairs(*pairs)); !left) return left;
    if (data.empty()) {
        const auto made = unit.artifact("made");
        if (!made) return tl::unexpected(made.error());
        std::error_code error;
        std::filesystem::remove_all(*made, error);
        if (error) return fail_from_errno("removing " + *made, error.value());
    }
    const auto count = [&](std::size_t split) {
        return static_cast<std::int64_t>(pairs->sets[split].size());
    };
    return unit.report({
        {"layout",                   listing->layout            },
        {"side",                     side                       },
        {"train_n",                  count(0)                   },
        {"val_n",                    count(1)                   },
        {"test_n",                   count(2)                   },
        {"landmarks",                !listing->landmarks.empty()},
        {std::string(checks_column), ""                         }
    });
}

}  // namespace

}  // namespace pix2pix

Result<JobEnd> run_pix2pix_prepare(NativeUnit& unit) {
    if (auto done = pix2pix::prepare(unit); !done) return tl::unexpected(done.error());
    return JobEnd::done;
}

}  // namespace xorch
