// The keys of what is decided by records: [[select]], [[gate]], [[stop]], and their conditions.

#include "coordinator/input/schema.h"

namespace xorch {

std::vector<Key<Condition>> condition_keys() {
    KeyTable<Condition> keys;
    keys.member("param", &Condition::param, "Name of a parameter or an axis.");
    keys.member(
        "metric",
        &Condition::metric,
        "Name of a column of the records; in `require` and `[[stop]]` only."
    );
    keys.member("is", &Condition::is, "Equal. Numbers compare as numbers.");
    keys.member("is_not", &Condition::is_not, "Different, and not missing.");
    keys.member("in", &Condition::in, "Equal to one of these.");
    keys.member("at_least", &Condition::at_least, "A lower bound.");
    keys.member("at_most", &Condition::at_most, "An upper bound.");
    return keys.take();
}

std::vector<Key<Select>> select_keys() {
    KeyTable<Select> keys;
    keys.member("name", &Select::name, "Unique in the file.").required().name_only();
    keys.member("from", &Select::from, "The stage whose units it chooses from.").required();
    keys.custom(
            "order",
            "Array of `{ metric, mode, tolerance }`: the first key on which two units differ "
            "decides."
    )
        .required();
    keys.custom(
        "require", "Array of conditions that a unit must all satisfy; none left = refused."
    );
    keys.member("take", &Select::take, "How many units are chosen.").at_least(1).at_most(1e7);
    keys.member(
        "repeats",
        &Select::repeats,
        "Axes whose points are repeats, for example `[\"seed\"]`: all units that differ only there "
        "are chosen or not as one, by the mean of each metric. The first of them stands for all "
        "in a stage that promotes it."
    );
    keys.member(
        "allow_missing",
        &Select::allow_missing,
        "Choose although repeats are not done; without it that is refused."
    );
    keys.text(
            "rows",
            "\"last\"",
            "Which of a unit's rows count: the last, the best by the first key of `order`, or the "
            "mean of the last `last_rows`.",
            [](Select& t, const std::string& text) {
                t.rows = text == "best"           ? RowsRead::best
                         : text == "mean_of_last" ? RowsRead::mean_of_last
                                                  : RowsRead::last;
            }
    ).one_of({"last", "best", "mean_of_last"});
    keys.member("last_rows", &Select::last_rows, "For `rows = \"mean_of_last\"`.")
        .at_least(1)
        .at_most(1e6);
    keys.custom(
        "alternatives",
        "Array of `{ name, order }`: what other orders would choose is told with the reasons of "
        "the choice, and decides nothing."
    );
    return keys.take();
}

std::vector<Key<AlternativeOrder>> alternative_keys() {
    KeyTable<AlternativeOrder> keys;
    keys.member("name", &AlternativeOrder::name, "As the reasons call it.").required().name_only();
    keys.custom("order", "As in `[[select]]`.").required();
    return keys.take();
}

std::vector<Key<OrderKey>> order_keys() {
    KeyTable<OrderKey> keys;
    keys.member("metric", &OrderKey::metric, "A column of the records.").required();
    keys.text(
            "mode",
            "",
            "Which end is best.",
            [](OrderKey& t, const std::string& text) { t.minimise = text == "min"; }
    )
        .required()
        .one_of({"min", "max"});
    keys.member(
            "tolerance",
            &OrderKey::tolerance,
            "Values this close count as equal, and the next key decides."
    )
        .at_least(0);
    keys.member(
        "one_standard_error",
        &OrderKey::one_standard_error,
        "With `repeats`: means within one standard error of the best mean count as equal, too."
    );
    return keys.take();
}

std::vector<Key<Gate>> gate_keys() {
    KeyTable<Gate> keys;
    keys.member("name", &Gate::name, "As `xorch approve` calls it; unique in the file.")
        .required()
        .name_only();
    keys.member("select", &Gate::select, "The selection that it holds.").required();
    keys.member(
        "manual",
        &Gate::manual,
        "Somebody must look: once the selection could be made the sweep pauses, until `xorch "
        "approve` lets it or refuses it. `false` switches the gate off."
    );
    keys.member("look_at", &Gate::look_at, "What to look at, told with the pause.");
    return keys.take();
}

std::vector<Key<StopRule>> stop_keys() {
    KeyTable<StopRule> keys;
    keys.member(
        "stage", &StopRule::stage, "The stage whose units it is for; without it, every stage."
    );
    keys.member(
            "from_step",
            &StopRule::from_step,
            "Rows of earlier steps are not looked at. A row's step is its column `step`, else "
            "`epoch`, else its number from 1."
    )
        .at_least(0);
    std::vector<Key<StopRule>> all = keys.take();
    // The reader of conditions reads the rest, as everywhere.
    for (const Key<Condition>& key : condition_keys()) {
        if (key.text.name == "param") continue;
        all.push_back({key.text, {}});
    }
    return all;
}

}  // namespace xorch
