#pragma once

// Garbage for parsers: pieces of real output in a random order, with random bytes between them. A
// seed names each text, so that one that fails can be tried again.

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace xorch {

class RandomText {
 public:
    explicit RandomText(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

    std::string make(unsigned seed) const {
        std::mt19937 random(seed);
        std::string text;
        const std::size_t parts = random() % 12;
        for (std::size_t i = 0; i < parts; ++i) {
            if (random() % 4 == 0) {
                text.push_back(static_cast<char>(random() % 256));
            } else {
                text += pieces_[random() % pieces_.size()];
            }
        }
        return text;
    }

 private:
    std::vector<std::string> pieces_;
};

}  // namespace xorch
