// What only the whole file can tell: that names of stages and selections exist and that stages do
// not wait for each other.

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/input/reading.h"
#include "core/json.h"

namespace xorch {

namespace {

class SweepCheck {
 public:
    SweepCheck(
        ReadingContext& context,
        const Node& root,
        const Sweep& sweep,
        const std::vector<StageSource>& stages
    )
        : context_(context), root_(root), sweep_(sweep), sources_(stages) {
        for (const Stage& stage : sweep.stages)
            stage_names_.push_back(stage.name);
        for (const Select& select : sweep.selects)
            select_names_.push_back(select.name);
    }

    void run() {
        check_unique("stage", stage_names_);
        check_unique("select", select_names_);
        for (const StageSource& source : sources_)
            check_references(source);
        for (std::size_t i = 0; i < sweep_.selects.size(); ++i)
            check_select(i);
        check_gates();
        check_stops(context_, root_, sweep_);
        // What a stage inherits would have no end in a circle.
        if (has_circle()) return;
        for (std::size_t i = 0; i < sources_.size(); ++i)
            check_stage(context_, sources_[i], inherited(sweep_.stages[i]));
        for (std::size_t i = 0; i < sweep_.selects.size(); ++i)
            check_repeats(i);
        check_summary();
    }

 private:
    const Node& item(const char* list, std::size_t index) const {
        return root_.find(list)->items[index];
    }

    SourcePlace place_in(const Node& table, std::string_view key) const {
        const Node* node = table.find(key);
        return node == nullptr ? table.place : node->place;
    }

    void complain_of_name(
        SourcePlace place,
        std::string_view what,
        const std::string& name,
        const std::vector<std::string>& known
    ) {
        context_.complaints.add(
            place, fmt::format("{} {}{}", what, format_json(Value(name)), suggest(name, known))
        );
    }

    void check_unique(const char* list, const std::vector<std::string>& names) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            const auto end = names.begin() + static_cast<std::ptrdiff_t>(i);
            if (names[i].empty() || std::find(names.begin(), end, names[i]) == end) continue;
            context_.complaints.add(
                place_in(item(list, i), "name"),
                fmt::format("two [[{}]] are named \"{}\"; rename one", list, names[i])
            );
        }
    }

    void check_references(const StageSource& source) {
        const Stage& stage = source.stage;
        for (std::size_t i = 0; i < stage.needs.size(); ++i) {
            if (find_stage(sweep_, stage.needs[i])) continue;
            complain_of_name(
                source.place("needs", i), "needs names no stage:", stage.needs[i], stage_names_
            );
        }
        const bool known = std::find(select_names_.begin(), select_names_.end(), stage.promote) !=
                           select_names_.end();
        if (!stage.promote.empty() && !known) {
            complain_of_name(
                source.place("promote"),
                "promote names no [[select]]:",
                stage.promote,
                select_names_
            );
        }
    }

    void check_select(std::size_t index) {
        const Select& select = sweep_.selects[index];
        const Node& node = item("select", index);
        if (!find_stage(sweep_, select.from)) {
            complain_of_name(
                place_in(node, "from"), "from names no stage:", select.from, stage_names_
            );
        }
        check_order(select, select.order, place_in(node, "order"));
        for (const AlternativeOrder& alternative : select.alternatives)
            check_order(select, alternative.order, place_in(node, "alternatives"));
        if (node.find("last_rows") != nullptr && select.rows != RowsRead::mean_of_last) {
            context_.complaints.add(
                place_in(node, "last_rows"), "last_rows needs rows = \"mean_of_last\""
            );
        }
    }

    void check_order(const Select& select, const std::vector<OrderKey>& order, SourcePlace place) {
        if (order.empty()) {
            context_.complaints.add(
                place,
                "order needs at least one key, for example { metric = \"accuracy\", mode = \"max\" "
                "}"
            );
        }
        const bool asks_for_errors = std::any_of(order.begin(), order.end(), [](const auto& key) {
            return key.one_standard_error;
        });
        if (asks_for_errors && select.repeats.empty()) {
            context_.complaints.add(
                place, "one_standard_error needs repeats, for example repeats = [\"seed\"]"
            );
        }
    }

    void check_gates() {
        std::vector<std::string> names;
        std::vector<std::string> held;
        for (std::size_t i = 0; i < sweep_.gates.size(); ++i) {
            const Gate& gate = sweep_.gates[i];
            const SourcePlace place = place_in(item("gate", i), "select");
            if (std::find(select_names_.begin(), select_names_.end(), gate.select) ==
                select_names_.end()) {
                complain_of_name(place, "gate names no [[select]]:", gate.select, select_names_);
            }
            if (std::find(held.begin(), held.end(), gate.select) != held.end()) {
                context_.complaints.add(
                    place, fmt::format("two gates hold \"{}\"; one is enough", gate.select)
                );
            }
            names.push_back(gate.name);
            held.push_back(gate.select);
        }
        check_unique("gate", names);
    }

    // Once it is known that nobody inherits in a circle.
    void check_repeats(std::size_t index) {
        const Select& select = sweep_.selects[index];
        const auto from = find_stage(sweep_, select.from);
        if (!from) return;
        const std::vector<std::string> names = parameter_names(sweep_.stages[*from]);
        for (const std::string& name : select.repeats) {
            if (std::find(names.begin(), names.end(), name) != names.end()) continue;
            complain_of_name(
                place_in(item("select", index), "repeats"),
                fmt::format("repeats names no axis of stage \"{}\":", select.from),
                name,
                names
            );
        }
    }

    // The stage that a stage's parameters come from, if it promotes.
    const Stage* promoted_from(const Stage& stage) const {
        for (const Select& select : sweep_.selects) {
            if (stage.promote.empty() || select.name != stage.promote) continue;
            const auto from = find_stage(sweep_, select.from);
            return from ? &sweep_.stages[*from] : nullptr;
        }
        return nullptr;
    }

    std::vector<std::string> inherited(const Stage& stage) const {
        std::vector<std::string> names;
        for (const Stage* from = promoted_from(stage); from != nullptr;
             from = promoted_from(*from)) {
            for (const Axis& axis : from->axes)
                names.push_back(axis.name);
            for (const Member& member : from->params)
                names.push_back(member.first);
        }
        return names;
    }

    std::vector<std::string> parameter_names(const Stage& stage) const {
        std::vector<std::string> names = inherited(stage);
        for (const Axis& axis : stage.axes)
            names.push_back(axis.name);
        for (const Member& member : stage.params)
            names.push_back(member.first);
        return names;
    }

    // Depth-first; `path` are the stages on the way.
    bool find_circle(const Stage& stage, std::vector<const Stage*>& path, std::vector<bool>& done) {
        const auto index = static_cast<std::size_t>(&stage - sweep_.stages.data());
        if (done[index]) return false;
        const bool again = std::find(path.begin(), path.end(), &stage) != path.end();
        path.push_back(&stage);
        if (again) return true;
        for (const std::string& need : stage.needs) {
            const auto next = find_stage(sweep_, need);
            if (next && find_circle(sweep_.stages[*next], path, done)) return true;
        }
        const Stage* from = promoted_from(stage);
        if (from != nullptr && find_circle(*from, path, done)) return true;
        path.pop_back();
        done[index] = true;
        return false;
    }

    bool has_circle() {
        std::vector<bool> done(sweep_.stages.size(), false);
        for (std::size_t i = 0; i < sweep_.stages.size(); ++i) {
            std::vector<const Stage*> path;
            if (!find_circle(sweep_.stages[i], path, done)) continue;
            std::vector<std::string> names;
            for (const Stage* stage : path)
                names.push_back(stage->name);
            context_.complaints.add(
                sources_[i].node->place,
                fmt::format("stages wait for each other: {}", fmt::join(names, " needs "))
            );
            return true;
        }
        return false;
    }

    void check_summary() {
        const Node* node = root_.find("summary");
        if (node == nullptr) return;
        const Summary& summary = sweep_.summary;
        const auto index = summary.stage.empty()
                               ? std::optional(static_cast<std::uint32_t>(sweep_.stages.size() - 1))
                               : find_stage(sweep_, summary.stage);
        if (!index) {
            return complain_of_name(
                place_in(*node, "stage"), "summary names no stage:", summary.stage, stage_names_
            );
        }
        const Stage& stage = sweep_.stages[*index];
        const std::vector<std::string> names = parameter_names(stage);
        const bool has_curve =
            std::find(summary.by.begin(), summary.by.end(), summary.curve) != summary.by.end();
        if (!summary.curve.empty() && !has_curve) {
            complain_of_name(
                place_in(*node, "curve"), "curve is none of by:", summary.curve, summary.by
            );
        }
        for (const std::string& name : summary.by) {
            if (std::find(names.begin(), names.end(), name) != names.end()) continue;
            complain_of_name(
                place_in(*node, "by"),
                fmt::format("summary.by names no axis of stage \"{}\":", stage.name),
                name,
                names
            );
        }
    }

    ReadingContext& context_;
    const Node& root_;
    const Sweep& sweep_;
    const std::vector<StageSource>& sources_;
    std::vector<std::string> stage_names_;
    std::vector<std::string> select_names_;
};

}  // namespace

void check_sweep(
    ReadingContext& context,
    const Node& root,
    const Sweep& sweep,
    const std::vector<StageSource>& stages
) {
    SweepCheck(context, root, sweep, stages).run();
}

}  // namespace xorch
