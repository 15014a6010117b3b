#include <fmt/format.h>

#include "coordinator/input/reading.h"

namespace xorch {

namespace {

// A name alone must be known: a misspelt one would be a check that nobody makes.
std::string why_unknown(const Check& check) {
    if (find_check_rule(check.name) != nullptr || !check.column.empty()) return "";
    std::vector<std::string> names;
    for (const CheckRule& rule : check_rules())
        names.emplace_back(rule.name);
    return fmt::format(
        "there is no such check{}; one of your own needs column = \"name\"",
        suggest(check.name, names)
    );
}

}  // namespace

std::vector<Check> read_checks(ReadingContext& context, const Node& node) {
    std::vector<Check> checks;
    if (node.kind != NodeKind::array) {
        context.complaints.add(
            node.place,
            "checks must be an array: [\"LEAKAGE\", { name = \"ABLATION_NOOP\", axis = \"surgery\" "
            "}]"
        );
        return checks;
    }
    for (const Node& item : node.items) {
        Check check;
        if (const auto* name = item.scalar.get_if<std::string>()) {
            check.name = *name;
        } else {
            read_table(item, "checks", check_keys(), context.complaints, check);
            if (check.name.empty()) continue;
        }
        std::string why = why_unknown(check);
        if (why.empty()) why = why_unusable(check);
        if (why.empty()) {
            checks.push_back(std::move(check));
        } else {
            context.complaints.add(item.place, fmt::format("check {}: {}", check.name, why));
        }
    }
    return checks;
}

}  // namespace xorch
