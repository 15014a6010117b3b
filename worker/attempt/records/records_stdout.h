#pragma once

// Rows from the lines that a script prints: `records.from = { stdout = "val_acc=(?<acc>.*)" }`. One
// row per matching line, one column per named group that took part. Bounded in memory and time:
// long lines are cut, and a pattern that explodes on a line does not match it. Loop thread only.
// PCRE2 is behind this header.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/value.h"

namespace xorch {

class StdoutRows {
 public:
    // invalid_input with the place in the pattern; also if it has no named group.
    static Result<StdoutRows> make(const std::string& pattern);

    ~StdoutRows();
    StdoutRows(StdoutRows&&) noexcept;
    StdoutRows& operator=(StdoutRows&&) noexcept;

    // Any bytes of the output, in order; a line ends at a newline or a carriage return.
    void add(std::string_view bytes);

    // The output has ended: what is left is a line.
    void finish();

    const std::vector<Object>& rows() const;

    // More rows than a record set may have: the rest was dropped.
    bool overflowed() const;

 private:
    struct Content;
    explicit StdoutRows(std::unique_ptr<Content> content);
    std::unique_ptr<Content> content_;
};

}  // namespace xorch
