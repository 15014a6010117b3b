#include "slurm/job_id.h"

#include <limits>

#include "slurm/fields.h"

namespace xorch {

std::optional<SlurmJobId> parse_job_id(std::string_view text) {
    text = trim_field(text);
    const std::size_t end = text.find_first_not_of("0123456789");
    const auto number = parse_count(text.substr(0, end));
    if (!number || *number == 0 || *number > std::numeric_limits<std::uint32_t>::max()) {
        return std::nullopt;
    }
    const bool part = end != std::string_view::npos && (text[end] == '_' || text[end] == '+');
    if (end != std::string_view::npos && !part) return std::nullopt;
    return SlurmJobId{static_cast<std::uint32_t>(*number)};
}

}  // namespace xorch
