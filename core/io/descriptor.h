#pragma once

// A file descriptor with one owner that closes it. Every descriptor of ours is close-on-exec, so
// that units inherit none. Any thread, one at a time.

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

}  // namespace xorch
