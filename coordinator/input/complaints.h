#pragma once

// Everything wrong in a sweep file, so that a person mends it in one go. Each complaint names the
// place, what is wrong, and what to do.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/input/document.h"
#include "core/error.h"

namespace xorch {

class Complaints {
 public:
    // A file's name as messages show it; an override's text counts as one. Its position goes into
    // SourcePlace.
    std::uint32_t add_file(std::string name);

    void add(SourcePlace place, std::string_view message);

    // A name that is none of the candidates, in quotes between two parts of a sentence; the message
    // ends with what may have been meant.
    struct UnknownName {
        std::string_view before;
        std::string_view name;
        std::string_view after;
    };

    void add_unknown(
        SourcePlace place, const UnknownName& unknown, std::span<const std::string> candidates
    );

    // "file:line:column", as messages begin.
    std::string describe(SourcePlace place) const;

    bool empty() const { return messages_.empty(); }

    // All of them, one per line, in the order of the file; at most 20.
    Error error() const;

 private:
    std::vector<std::string> files_;
    std::vector<std::pair<SourcePlace, std::string>> messages_;
};

// `; did you mean "name"?` for the candidate that a typo turns into `name`, else `; there are: a,
// b` (or nothing to offer: "").
std::string suggest(std::string_view name, std::span<const std::string> candidates);

}  // namespace xorch
