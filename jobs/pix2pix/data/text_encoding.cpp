#include "jobs/pix2pix/data/text_encoding.h"

#include <fmt/core.h>
#include <iconv.h>

#include <array>
#include <cerrno>

namespace xorch::pix2pix {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

class Conversion {
 public:
    Conversion(const char* from, const char* to) : handle_(iconv_open(to, from)) {}

    ~Conversion() {
        if (is_open()) iconv_close(handle_);
    }

    Conversion(const Conversion&) = delete;
    Conversion& operator=(const Conversion&) = delete;

    // iconv_open's way of saying that it failed.
    bool is_open() const {
        // NOLINTNEXTLINE(performance-no-int-to-ptr,cppcoreguidelines-pro-type-cstyle-cast)
        return handle_ != reinterpret_cast<iconv_t>(-1);
    }

    Result<std::string> convert(std::string_view bytes) {
        std::string text;
        std::array<char, 4096> piece{};
        // iconv only reads; its argument type cannot say so.
        char* from = const_cast<char*>(bytes.data());
        std::size_t left = bytes.size();
        while (left > 0) {
            char* to = piece.data();
            std::size_t room = piece.size();
            const std::size_t done = iconv(handle_, &from, &left, &to, &room);
            text.append(piece.data(), piece.size() - room);
            if (done == static_cast<std::size_t>(-1) && errno != E2BIG) {
                return fail(ErrorCode::invalid_input, fmt::format("byte {}", bytes.size() - left));
            }
        }
        return text;
    }

 private:
    iconv_t handle_;
};

Result<std::string> convert(std::string_view bytes, const char* from, const char* to) {
    Conversion conversion(from, to);
    if (conversion.is_open()) return conversion.convert(bytes);
    return fail(
        ErrorCode::unavailable,
        fmt::format(
            "this system cannot convert {} to {}: are libc's gconv modules there?", from, to
        )
    );
}

}  // namespace

Result<std::string> to_utf8(std::string_view bytes) {
    if (bytes.substr(0, byte_order_mark.size()) == byte_order_mark) {
        bytes.remove_prefix(byte_order_mark.size());
    }
    if (auto text = convert(bytes, "UTF-8", "UTF-8"); text) return text;
    auto text = convert(bytes, "GB18030", "UTF-8");
    if (text || text.error().code != ErrorCode::invalid_input) return text;
    return fail_with_context(text.error(), "neither UTF-8 nor GB18030");
}

Result<std::string> to_gb18030(std::string_view text) {
    return convert(text, "UTF-8", "GB18030");
}

}  // namespace xorch::pix2pix
