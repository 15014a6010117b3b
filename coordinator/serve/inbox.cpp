#include "coordinator/serve/inbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <memory>

#include "core/io/descriptor.h"
#include "core/json.h"
#include "core/value.h"

namespace xorch {
namespace {

constexpr std::size_t id_length = 32;
constexpr std::string_view request_suffix = ".json";
constexpr std::string_view reply_suffix = ".reply";
constexpr time_t reply_kept_s = 3'600;
// A directory that somebody floods is looked at in part only.
constexpr std::size_t entries_max = 10'000;

struct CloseDirectory {
    void operator()(DIR* directory) const { closedir(directory); }
};

Result<Descriptor> open_directory(const std::string& directory) {
    Descriptor opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!opened.is_open()) return fail_from_errno("opening " + directory, errno);
    return opened;
}

Result<std::vector<std::string>> list_names(const std::string& directory) {
    const std::unique_ptr<DIR, CloseDirectory> opened(opendir(directory.c_str()));
    if (!opened) return fail_from_errno("reading " + directory, errno);
    std::vector<std::string> names;
    while (const dirent* entry = readdir(opened.get())) {
        names.emplace_back(entry->d_name);
        if (names.size() >= entries_max) break;
    }
    std::sort(names.begin(), names.end());
    return names;
}

// The id that the name of a request or reply starts with, if it is such a name.
std::optional<std::string> id_of(std::string_view name, std::string_view suffix) {
    if (!name.ends_with(suffix)) return std::nullopt;
    name.remove_suffix(suffix.size());
    if (!is_request_id(name)) return std::nullopt;
    return std::string(name);
}

// O_NONBLOCK: a FIFO in place of a file must not hang us.
Result<std::string> read_private(int directory, const std::string& name) {
    const Descriptor file(
        openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    );
    if (!file.is_open()) return fail_from_errno("opening " + name, errno);

    struct stat status {};

    if (fstat(file.number(), &status) != 0) return fail_from_errno("looking at " + name, errno);
    if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 077U) != 0) {
        return fail(ErrorCode::invalid_input, name + " is no private file of this user");
    }
    if (status.st_size < 0 || static_cast<std::size_t>(status.st_size) > inbox_bytes_max) {
        return fail(ErrorCode::invalid_input, name + " is too large");
    }
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t have = 0;
    while (have < text.size()) {
        const ssize_t got = read(file.number(), text.data() + have, text.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_from_errno("reading " + name, errno);
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    text.resize(have);
    return text;
}

// Readers see all of the file or none.
Result<void> place(int directory, const std::string& name, const std::string& text) {
    const std::string temporary = fmt::format("{}.{}.tmp", name, getpid());
    unlinkat(directory, temporary.c_str(), 0);  // of a crashed process that had our pid
    const Descriptor file(openat(
        directory, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600
    ));
    if (!file.is_open()) return fail_from_errno("creating " + name, errno);
    const bool written =
        write(file.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        fsync(file.number()) == 0 &&
        renameat(directory, temporary.c_str(), directory, name.c_str()) == 0;
    if (written) return {};
    const int error_number = errno;
    unlinkat(directory, temporary.c_str(), 0);
    return fail_from_errno("writing " + name, error_number);
}

Result<std::string> text_member(const Value& object, std::string_view name) {
    const Value* member = object.find(name);
    const auto* text = member == nullptr ? nullptr : member->get_if<std::string>();
    if (text == nullptr) {
        return fail(ErrorCode::invalid_input, fmt::format("there is no text \"{}\"", name));
    }
    return *text;
}

Result<ClientRequest> parse_request(const std::string& id, std::string_view text) {
    const auto json = parse_json(text);
    if (!json) return tl::unexpected(json.error());
    const auto said = text_member(*json, "id");
    auto verb = text_member(*json, "verb");
    auto arguments = text_member(*json, "arguments");
    if (!said) return tl::unexpected(said.error());
    if (!verb) return tl::unexpected(verb.error());
    if (!arguments) return tl::unexpected(arguments.error());
    if (*said != id) return fail(ErrorCode::invalid_input, "its id is not that of its file");
    return ClientRequest{.id = id, .verb = std::move(*verb), .arguments = std::move(*arguments)};
}

Result<ClientReply> parse_reply(const std::string& id, std::string_view text) {
    const auto json = parse_json(text);
    if (!json) return tl::unexpected(json.error());
    auto said = text_member(*json, "text");
    if (!said) return tl::unexpected(said.error());
    const Value* ok = json->find("ok");
    const bool* flag = ok == nullptr ? nullptr : ok->get_if<bool>();
    if (flag == nullptr) return fail(ErrorCode::invalid_input, "there is no flag \"ok\"");
    return ClientReply{.id = id, .ok = *flag, .text = std::move(*said)};
}

Result<ClientRequest> read_request(int directory, const std::string& id) {
    const auto text = read_private(directory, id + std::string(request_suffix));
    if (!text) return tl::unexpected(text.error());
    auto request = parse_request(id, *text);
    if (!request) return fail_with_context(request.error(), "reading a request");
    return request;
}

void remove_if_old(int directory, const std::string& name) {
    struct stat status {};

    if (fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (time(nullptr) - status.st_mtime > reply_kept_s) unlinkat(directory, name.c_str(), 0);
}

Result<void> remove_file(const std::string& directory, const std::string& name) {
    const auto opened = open_directory(directory);
    if (!opened) return tl::unexpected(opened.error());
    if (unlinkat(opened->number(), name.c_str(), 0) != 0 && errno != ENOENT) {
        return fail_from_errno("removing " + name, errno);
    }
    return {};
}

}  // namespace

std::string make_request_id() {
    std::array<std::uint8_t, id_length / 2> bytes{};
    const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
    XORCH_CHECK(got == static_cast<ssize_t>(bytes.size()), "the kernel gives no random bytes");
    std::string id;
    for (const std::uint8_t byte : bytes)
        id += fmt::format("{:02x}", byte);
    return id;
}

bool is_request_id(std::string_view text) {
    return text.size() == id_length &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::vector<InboxRequest>> read_inbox(const std::string& directory) {
    const auto opened = open_directory(directory);
    if (!opened) return tl::unexpected(opened.error());
    const auto names = list_names(directory);
    if (!names) return tl::unexpected(names.error());
    std::vector<InboxRequest> requests;
    for (const std::string& name : *names) {
        if (id_of(name, reply_suffix)) remove_if_old(opened->number(), name);
        const auto id = id_of(name, request_suffix);
        if (!id || requests.size() >= inbox_requests_per_poll) continue;
        requests.push_back({.id = *id, .request = read_request(opened->number(), *id)});
    }
    return requests;
}

Result<void> answer_inbox(const std::string& directory, const ClientReply& reply) {
    XORCH_CHECK(is_request_id(reply.id), "only requests with a proper name are read");
    const auto opened = open_directory(directory);
    if (!opened) return tl::unexpected(opened.error());
    const std::string text = format_json(Object{
                                 {"ok",   reply.ok  },
                                 {"text", reply.text}
    }) +
                             "\n";
    auto placed = place(opened->number(), reply.id + std::string(reply_suffix), text);
    if (!placed) return placed;
    return remove_file(directory, reply.id + std::string(request_suffix));
}

Result<void> drop_into_inbox(const std::string& directory, const ClientRequest& request) {
    XORCH_CHECK(is_request_id(request.id), "a request needs a proper id");
    const auto opened = open_directory(directory);
    if (!opened) return tl::unexpected(opened.error());
    Object object;
    set_member(object, "id", request.id);
    set_member(object, "verb", request.verb);
    set_member(object, "arguments", request.arguments);
    const std::string text = format_json(object) + "\n";
    return place(opened->number(), request.id + std::string(request_suffix), text);
}

Result<std::optional<ClientReply>> take_inbox_reply(
    const std::string& directory, const std::string& id
) {
    const auto opened = open_directory(directory);
    if (!opened) return tl::unexpected(opened.error());
    const std::string name = id + std::string(reply_suffix);
    const auto text = read_private(opened->number(), name);
    if (!text && text.error().code == ErrorCode::not_found) return std::optional<ClientReply>();
    if (!text) return tl::unexpected(text.error());
    auto reply = parse_reply(id, *text);
    if (!reply) return fail_with_context(reply.error(), "reading " + name);
    unlinkat(opened->number(), name.c_str(), 0);
    return std::optional<ClientReply>(std::move(*reply));
}

Result<void> withdraw_from_inbox(const std::string& directory, const std::string& id) {
    return remove_file(directory, id + std::string(request_suffix));
}

}  // namespace xorch
