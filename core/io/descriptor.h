#pragma once

// A file descriptor with one owner that closes it. Every descriptor of ours is close-on-exec, so
// that units inherit none. Any thread, one at a time.

#include <cstdint>

namespace xorch {

class Descriptor {
 public:
    Descriptor() = default;

    // Takes ownership; negative = none.
    explicit Descriptor(int number) : number_(number) {}

    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept;
    Descriptor& operator=(Descriptor&& other) noexcept;

    int number() const { return number_; }

    bool is_open() const { return number_ >= 0; }

 private:
    int number_ = -1;
};

// How many files this process may have open (the soft limit, which children inherit). Raising takes
// the hard limit and returns what was before. Where the kernel refuses, all stays as it is.
std::uint64_t raise_descriptor_limit();
void set_descriptor_limit(std::uint64_t limit);

}  // namespace xorch
