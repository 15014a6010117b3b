// pix2pix.sanity: the leakage report. What splits share ends the unit; what a generator does is
// told, for people to judge.

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "core/check.h"
#include "jobs/pix2pix/evaluation.h"
#include "jobs/pix2pix/jobs.h"
#include "jobs/pix2pix/leakage.h"
#include "jobs/pix2pix/unit_pairs.h"
#include "jobs/unit_artifacts.h"

namespace xorch {

namespace pix2pix {

namespace {

struct Findings {
    std::int64_t shared_ids = 0;
    SharedPictures photos;
    SharedPictures xrays;
    bool is_blind = true;    // answers do not depend on X-rays
    double own = 0;          // mean distance to the pairs' own X-rays
    double shuffled = 0;     // to those of other pairs
    double nearest = 0;      // to the nearest of the training split
    double corner = 0;       // within the ruler's corner
    double corner_mean = 0;  // of the mean training X-ray there
};

// Everybody gets the X-ray of somebody else.
std::vector<std::size_t> derangement(RandomStream& random, std::size_t count) {
    const std::vector<std::size_t> order = random.permutation(count);
    std::vector<std::size_t> others(count);
    for (std::size_t i = 0; i < count; ++i) {
        others[order[i]] = order[(i + 1) % count];
    }
    return others;
}

Result<bool> is_blind(Translator& translator, PairSet val, std::int64_t batch) {
    const auto seen = translate_set(translator, val, batch);
    if (!seen) return tl::unexpected(seen.error());
    std::fill(val.targets.begin(), val.targets.end(), std::uint8_t{0});
    const auto unseen = translate_set(translator, val, batch);
    if (!unseen) return tl::unexpected(unseen.error());
    return *seen == *unseen;
}

Result<Findings> look(const NativeUnit& unit, const PairSplits& pairs, Translator& translator) {
    const PairSet& val = pairs.val();
    const std::int64_t batch = unit.params().integer("val_batch");
    Findings found;
    for (const auto& [left, right] : {
             std::pair{0U, 1U},
             {0U, 2U},
             {1U, 2U}
    }) {
        found.shared_ids +=
            static_cast<std::int64_t>(common_ids(pairs.sets[left].ids, pairs.sets[right].ids).size()
            );
    }
    found.photos = shared_photos(pairs);
    found.xrays = shared_xrays(pairs);
    const auto blind = is_blind(translator, val, batch);
    if (!blind) return tl::unexpected(blind.error());
    found.is_blind = *blind;
    const auto made = translate_set(translator, val, batch);
    if (!made) return tl::unexpected(made.error());
    std::vector<std::size_t> own(val.size());
    for (std::size_t i = 0; i < own.size(); ++i) {
        own[i] = i;
    }
    RandomStream random = unit.stream("shuffle");
    found.own = distance_to_others(*made, val, own);
    found.shuffled = distance_to_others(*made, val, derangement(random, val.size()));
    found.nearest = distance_to_nearest(*made, pairs.train());
    const Plane mean = mean_target(pairs.train());
    for (std::size_t pair = 0; pair < val.size(); ++pair) {
        const Plane truth = target_plane(val, pair);
        const auto all = static_cast<double>(val.size());
        found.corner += distance_in_corner((*made)[pair], truth) / all;
        found.corner_mean += distance_in_corner(mean, truth) / all;
    }
    return found;
}

std::vector<std::string_view> checks_in(const Findings& found, double ratio) {
    std::vector<std::string_view> checks;
    if (found.shared_ids + found.photos.exact + found.xrays.exact > 0 || !found.is_blind) {
        checks.emplace_back("LEAKAGE");
    }
    if (found.shuffled < ratio * found.own) checks.emplace_back("PHOTOS_IGNORED");
    if (found.nearest < 0.5 * found.own) checks.emplace_back("COPIED");
    return checks;
}

std::string format_report(const Findings& found, const std::vector<std::string_view>& checks) {
    const auto line = [](std::string_view what, const auto& value) {
        return fmt::format("| {} | {} |\n", what, value);
    };
    return "# Leakage report\n\n| looked at | found |\n| --- | --- |\n" +
           line("ids in two splits", found.shared_ids) +
           line("photos with the pixels of one in another split", found.photos.exact) +
           line("X-rays likewise", found.xrays.exact) +
           line("pairs of photos of two splits within 4 bits of hash", found.photos.near) +
           line("X-rays likewise", found.xrays.near) +
           line("answers are the same with blank X-rays", found.is_blind ? "yes" : "no") +
           line("mean distance to the own X-ray", found.own) +
           line("to another pair's", found.shuffled) +
           line("to the nearest X-ray that was trained on", found.nearest) +
           line("in the corner of the ruler", found.corner) +
           line("of the mean training X-ray there", found.corner_mean) +
           fmt::format(
               "\nChecks that do not hold: {}.\n",
               checks.empty() ? "none" : fmt::format("{}", fmt::join(checks, ", "))
           ) +
           "\nPictures whose hashes are near are not therefore the same: heads all look alike on "
           "so "
           "few pixels.\n";
}

Result<void> check_sanity(NativeUnit& unit) {
    const auto pairs = pairs_of(unit);
    if (!pairs) return tl::unexpected(pairs.error());
    if (pairs->val().size() < 2) {
        return fail(ErrorCode::invalid_input, "one validation pair cannot be shuffled");
    }
    const auto model = model_of(unit);
    if (!model) return tl::unexpected(model.error());
    const auto translator = open_translator(*model, pairs->val().side);
    if (!translator) return tl::unexpected(translator.error());
    const auto found = look(unit, *pairs, **translator);
    if (!found) return tl::unexpected(found.error());
    const auto checks = checks_in(*found, unit.params().number("shuffled_ratio"));
    const std::string report = format_report(*found, checks);
    if (auto left = leave_text(unit, "sanity/leakage_sanity_report.md", report); !left) return left;
    return unit.report({
        {"shared_ids",               found->shared_ids           },
        {"exact_photos",             found->photos.exact         },
        {"exact_xrays",              found->xrays.exact          },
        {"near_photos",              found->photos.near          },
        {"near_xrays",               found->xrays.near           },
        {"target_blind",             found->is_blind             },
        {"own_l1",                   found->own                  },
        {"shuffled_l1",              found->shuffled             },
        {"nearest_train_l1",         found->nearest              },
        {"ruler_l1",                 found->corner               },
        {"ruler_mean_l1",            found->corner_mean          },
        {std::string(checks_column), reported_checks_cell(checks)}
    });
}

}  // namespace

}  // namespace pix2pix

Result<JobEnd> run_pix2pix_sanity(NativeUnit& unit) {
    if (auto done = pix2pix::check_sanity(unit); !done) return tl::unexpected(done.error());
    return JobEnd::done;
}

}  // namespace xorch
