#include "jobs/anomaly/encode/text_gallery.h"

#include <fmt/core.h>

#include <sstream>

#include "jobs/random/random_stream.h"

namespace xorch::anomaly {

namespace {

constexpr std::uint64_t vocabulary = 0;  // the seed of all words

constexpr const char* templates[] = {
    "a photo of a {} {}",
    "a cropped photo of the {} {}",
    "a close-up photo of a {} {}",
    "a photo of one {} {} for visual inspection",
};
constexpr const char* normal_states[] = {"flawless", "perfect", "unblemished"};
constexpr const char* abnormal_states[] = {"damaged", "broken", "defective"};

template <std::size_t n>
std::vector<std::string> fill_templates(
    const char* const (&states)[n], const std::string& class_name
) {
    std::vector<std::string> prompts;
    for (const char* pattern : templates) {
        for (const char* state : states) {
            prompts.push_back(fmt::format(fmt::runtime(pattern), state, class_name));
        }
    }
    return prompts;
}

void add_mean(Features& rows, const std::vector<std::string>& prompts) {
    std::vector<float> sum(feature_size);
    for (const std::string& prompt : prompts) {
        const std::vector<float> vector = embed_text(prompt);
        for (std::size_t i = 0; i < sum.size(); ++i) {
            sum[i] += vector[i];
        }
    }
    append_rows(rows, {.rows = 1, .columns = feature_size, .values = std::move(sum)});
}

}  // namespace

Prompts prompts_of(const std::string& class_name) {
    return {
        .normal = fill_templates(normal_states, class_name),
        .abnormal = fill_templates(abnormal_states, class_name)};
}

std::vector<float> embed_text(const std::string& text) {
    Features sum{.rows = 1, .columns = feature_size, .values = std::vector<float>(feature_size)};
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        RandomStream random(vocabulary, "word " + word);
        for (float& value : sum.values) {
            value += static_cast<float>(random.normal());
        }
    }
    normalise_rows(sum);
    return sum.values;
}

Features text_gallery(const Prompts& prompts) {
    Features texts;
    add_mean(texts, prompts.normal);
    add_mean(texts, prompts.abnormal);
    normalise_rows(texts);
    return texts;
}

}  // namespace xorch::anomaly
