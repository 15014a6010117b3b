// cellseg.hybrid: the best network of each group, from the tables that evaluations left. No image
// is read and nothing is trained. One record per recipe, the hybrid's last.

#include <fmt/core.h>

#include <set>

#include "jobs/cellseg/jobs.h"
#include "jobs/cellseg/post/recipes.h"
#include "jobs/cellseg/score_files.h"
#include "jobs/unit_artifacts.h"

namespace xorch {

namespace cellseg {

namespace {

constexpr const char* hybrid_name = "hybrid";

// Scores of both splits, by recipe in the order of the inputs.
struct Recipes {
    ScoresByRecipe validation;
    ScoresByRecipe test;
};

Result<std::string> text_of(const Object& values, const std::string& name, const UnitInput& input) {
    const Value* value = find_member(values, name);
    if (value != nullptr && value->get_if<std::string>() != nullptr) {
        return *value->get_if<std::string>();
    }
    return fail(
        ErrorCode::invalid_input,
        fmt::format("an input of stage \"{}\" has no text \"{}\"", input.stage, name)
    );
}

Result<Recipes> read_recipes(const NativeUnit& unit) {
    Recipes recipes;
    for (const UnitInput& input : unit.inputs()) {
        if (input.records.empty()) {
            return fail(
                ErrorCode::invalid_input, "an input of stage \"" + input.stage + "\" has no record"
            );
        }
        const auto recipe = text_of(input.params, unit.params().text("recipe_of"), input);
        if (!recipe) return tl::unexpected(recipe.error());
        const auto split = text_of(input.records.back(), "eval_split", input);
        if (!split) return tl::unexpected(split.error());
        auto scores = read_image_scores(input.directory + "/" + image_scores_name);
        if (!scores) return tl::unexpected(scores.error());
        if (*split == unit.params().text("choose_on")) {
            recipes.validation.emplace_back(*recipe, std::move(*scores));
        } else if (*split == unit.params().text("report_on")) {
            recipes.test.emplace_back(*recipe, std::move(*scores));
        }
    }
    return recipes;
}

// A recipe without scores on either side would win or lose unseen.
Result<void> check_complete(const Recipes& recipes) {
    const auto names = [](const ScoresByRecipe& scores) {
        std::set<std::string> found;
        for (const auto& [recipe, images] : scores) {
            found.insert(recipe);
        }
        return found;
    };
    const std::set<std::string> chosen_from = names(recipes.validation);
    if (!chosen_from.empty() && chosen_from == names(recipes.test) &&
        chosen_from.size() == recipes.validation.size() &&
        chosen_from.size() == recipes.test.size()) {
        return {};
    }
    return fail(
        ErrorCode::invalid_input,
        "every recipe needs one evaluation on choose_on and one on report_on"
    );
}

void add_to_table(
    std::string& table, const std::string& recipe, const Object& row, const RecipeOfGroup& chosen
) {
    std::vector<std::string> groups{"overall"};
    for (const auto& [group, winner] : chosen) {
        groups.push_back(group);
    }
    for (const std::string& group : groups) {
        if (find_member(row, group + "_ap50") == nullptr) continue;  // no test image of it
        table += recipe + "\t" + group;
        for (const char* metric : {"ap50", "precision", "recall", "f1", "ap50_pooled"}) {
            table +=
                fmt::format("\t{}", find_member(row, group + "_" + metric)->as_number().value());
        }
        const auto winner = chosen.find(group);
        const bool mixed = recipe == hybrid_name && winner != chosen.end();
        table += "\t" + (mixed ? winner->second : std::string()) + "\n";
    }
}

}  // namespace

}  // namespace cellseg

Result<JobEnd> run_cellseg_hybrid(NativeUnit& unit) {
    using namespace cellseg;
    if (unit.params().text("choose_on") == unit.params().text("report_on")) {
        return fail(ErrorCode::invalid_input, "choose_on and report_on are the same split");
    }
    auto recipes = read_recipes(unit);
    if (!recipes) return tl::unexpected(recipes.error());
    if (auto whole = check_complete(*recipes); !whole) return tl::unexpected(whole.error());
    const RecipeOfGroup chosen = choose_recipes(recipes->validation);
    auto combined = combine_recipes(recipes->test, chosen);
    if (!combined) return tl::unexpected(combined.error());
    recipes->test.emplace_back(hybrid_name, std::move(*combined));
    std::string table = "model\tgroup\tap50\tprecision\trecall\tf1\tap50_pooled\tchosen_on_val\n";
    for (const auto& [recipe, scores] : recipes->test) {
        Object row{
            {"recipe",     recipe                         },
            {"eval_split", unit.params().text("report_on")}
        };
        add_scores(row, scores);
        add_to_table(table, recipe, row, chosen);
        for (const auto& [group, winner] : chosen) {
            set_member(row, group + "_chosen", recipe == hybrid_name ? winner : recipe);
        }
        if (auto reported = unit.report(row); !reported) return tl::unexpected(reported.error());
    }
    if (auto written = leave_text(unit, "e1_metrics_with_hybrid.tsv", table); !written) {
        return tl::unexpected(written.error());
    }
    return JobEnd::done;
}

}  // namespace xorch
