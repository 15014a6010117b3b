#include "coordinator/report/failures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace xorch {

std::string describe_end(const AttemptEnd& end) {
    if (!end.message.empty()) return end.message;
    if (end.signal != 0) return fmt::format("signal {}", end.signal);
    if (end.exit_code != 0) return fmt::format("exit code {}", end.exit_code);
    return "";
}

std::vector<std::string> tail_lines(const std::string& text, std::size_t lines) {
    std::vector<std::string> found;
    std::size_t end = text.find_last_not_of(" \t\r\n");
    end = end == std::string::npos ? 0 : end + 1;
    while (end > 0 && found.size() < lines) {
        const std::size_t before = text.rfind('\n', end - 1);
        const std::size_t begin = before == std::string::npos ? 0 : before + 1;
        found.push_back(text.substr(begin, end - begin));
        end = begin == 0 ? 0 : begin - 1;
    }
    std::reverse(found.begin(), found.end());
    return found;
}

std::vector<FailureGroup> group_failures(const std::vector<Failure>& failures) {
    using Key = std::tuple<StageIndex, Cause, int, int, std::string>;
    std::map<Key, std::size_t> places;
    std::vector<FailureGroup> groups;
    for (const Failure& failure : failures) {
        const std::vector<std::string> last = tail_lines(failure.end.tail, 1);
        const Key key{
            failure.unit.unit.key.stage,
            failure.unit.cause,
            failure.end.exit_code,
            failure.end.signal,
            last.empty() ? failure.end.message : last.front()};
        const auto [place, is_new] = places.emplace(key, groups.size());
        if (is_new) {
            FailureGroup group;
            group.cause = failure.unit.cause;
            group.message = describe_end(failure.end);
            group.tail = failure.end.tail;
            groups.push_back(std::move(group));
        }
        groups[place->second].units.push_back(failure.unit.unit);
    }
    std::stable_sort(groups.begin(), groups.end(), [](const auto& left, const auto& right) {
        return left.units.size() > right.units.size();
    });
    return groups;
}

}  // namespace xorch
