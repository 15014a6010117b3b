#include "jobs/beats/data/wfdb_annotations.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

namespace xorch::beats {

namespace {

// A word of 16 bits: the code above, ten bits below that mean a distance in time for annotations.
constexpr unsigned code_shift = 10;
constexpr std::uint32_t low_bits = (1U << code_shift) - 1;

// Codes from here on are no annotations.
constexpr std::uint32_t first_special = 50;
constexpr std::uint32_t skip = 59;     // a distance of 32 bits follows
constexpr std::uint32_t number = 60;   // the field of the last annotation, and of those after it
constexpr std::uint32_t subtype = 61;  // of the last annotation alone
constexpr std::uint32_t channel = 62;  // like number
constexpr std::uint32_t text = 63;     // so many bytes follow, and a zero if they are odd

// Far beyond any recording, far from overflow.
constexpr std::int64_t time_max = std::int64_t{1} << 50;

// By code; zeros stand for codes without a meaning.
constexpr std::string_view symbols(
    "\0NLRaVFJASEj/Q~\0|\0sT*D\"=pB^t+u?![]en@xf()r\0\0\0\0\0\0\0\0", 50
);

std::int16_t signed_10_bits(std::uint32_t bits) {
    const auto value = static_cast<std::int32_t>(bits);
    return static_cast<std::int16_t>(value >= 512 ? value - 1024 : value);
}

class AnnotationReader {
 public:
    explicit AnnotationReader(std::string_view bytes) : bytes_(bytes) {}

    Result<std::vector<WfdbAnnotation>> read() {
        while (true) {
            if (left() < 2) return wrong("the file ends without its end mark");
            const std::uint32_t word = take_word();
            if (word == 0) return std::move(annotations_);
            const std::uint32_t code = word >> code_shift;
            auto ok =
                code < first_special ? add(code, word & low_bits) : change(code, word & low_bits);
            if (!ok) return tl::unexpected(ok.error());
        }
    }

 private:
    std::size_t left() const { return bytes_.size() - at_; }

    std::uint32_t take_word() {
        const auto low = static_cast<unsigned char>(bytes_[at_]);
        const auto high = static_cast<unsigned char>(bytes_[at_ + 1]);
        at_ += 2;
        return low | static_cast<std::uint32_t>(high) << 8U;
    }

    tl::unexpected<Error> wrong(std::string_view what) const {
        return fail(ErrorCode::corrupted, fmt::format("byte {}: {}", at_, what));
    }

    Result<void> move(std::int64_t distance) {
        time_ += distance;
        if (time_ < 0 || time_ > time_max) return wrong("a time outside of any recording");
        return {};
    }

    Result<void> add(std::uint32_t code, std::uint32_t distance) {
        if (auto ok = move(distance); !ok) return ok;
        if (!annotations_.empty() && time_ < annotations_.back().time) {
            return wrong("time runs backwards");
        }
        WfdbAnnotation annotation{.time = time_, .code = static_cast<std::uint8_t>(code)};
        if (!annotations_.empty()) {
            annotation.channel = annotations_.back().channel;
            annotation.number = annotations_.back().number;
        }
        annotations_.push_back(std::move(annotation));
        return {};
    }

    Result<void> change(std::uint32_t code, std::uint32_t bits) {
        if (code == skip) {
            if (left() < 4) return wrong("the file ends within a distance");
            const std::uint32_t high = take_word();
            return move(static_cast<std::int32_t>(high << 16U | take_word()));
        }
        if (code < skip) return wrong(fmt::format("the unknown code {}", code));
        if (annotations_.empty()) return wrong("a field of an annotation that there is not");
        WfdbAnnotation& last = annotations_.back();
        if (code == number) last.number = signed_10_bits(bits);
        if (code == subtype) last.subtype = signed_10_bits(bits);
        if (code == channel) last.channel = signed_10_bits(bits);
        if (code != text) return {};
        const std::size_t padded = bits + bits % 2;
        if (left() < padded) return wrong("the file ends within a text");
        last.text = bytes_.substr(at_, bits);
        at_ += padded;
        return {};
    }

    std::string_view bytes_;
    std::size_t at_ = 0;
    std::int64_t time_ = 0;
    std::vector<WfdbAnnotation> annotations_;
};

void put_word(std::string& bytes, std::uint32_t word) {
    bytes += static_cast<char>(word & 0xffU);
    bytes += static_cast<char>(word >> 8U & 0xffU);
}

void put(std::string& bytes, std::uint32_t code, std::int64_t low) {
    put_word(bytes, code << code_shift | (static_cast<std::uint32_t>(low) & low_bits));
}

void put_distance(std::string& bytes, std::int64_t distance) {
    constexpr std::int64_t step = std::numeric_limits<std::int32_t>::max();
    while (distance > 0) {
        const std::int64_t now = std::min(distance, step);
        put(bytes, skip, 0);
        put_word(bytes, static_cast<std::uint32_t>(now) >> 16U);
        put_word(bytes, static_cast<std::uint32_t>(now));
        distance -= now;
    }
}

}  // namespace

Result<std::vector<WfdbAnnotation>> parse_wfdb_annotations(std::string_view bytes) {
    return AnnotationReader(bytes).read();
}

std::string format_wfdb_annotations(const std::vector<WfdbAnnotation>& annotations) {
    std::string bytes;
    WfdbAnnotation before;
    for (const WfdbAnnotation& annotation : annotations) {
        std::int64_t distance = annotation.time - before.time;
        if (distance > low_bits) {
            put_distance(bytes, distance);
            distance = 0;
        }
        put(bytes, annotation.code, distance);
        if (annotation.number != before.number) put(bytes, number, annotation.number);
        if (annotation.subtype != 0) put(bytes, subtype, annotation.subtype);
        if (annotation.channel != before.channel) put(bytes, channel, annotation.channel);
        if (!annotation.text.empty()) {
            put(bytes, text, static_cast<std::int64_t>(annotation.text.size()));
            bytes += annotation.text;
            if (annotation.text.size() % 2 == 1) bytes += '\0';
        }
        before = annotation;
    }
    put_word(bytes, 0);
    return bytes;
}

char wfdb_symbol(std::uint8_t code) {
    return code < symbols.size() ? symbols[code] : '\0';
}

std::uint8_t wfdb_code(char symbol) {
    if (symbol == '\0') return 0;
    const std::size_t code = symbols.find(symbol);
    return code == std::string_view::npos ? 0 : static_cast<std::uint8_t>(code);
}

}  // namespace xorch::beats
