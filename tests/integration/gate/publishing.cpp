// Preloaded into a runner: publishing a checkpoint lasts at least $PUBLISH_MS, and after
// $PUBLISH_FREE of them, a process's next one waits while the file $GATE exists; "$GATE.held" says
// that it does. So a test decides how far a native unit comes, on a machine of any speed.

#include <dlfcn.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

int number_of(const char* variable) {
    const char* text = std::getenv(variable);
    return text == nullptr ? 0 : std::atoi(text);
}

// The disk is what takes its time here; nothing is waited for.
void pause_for(int milliseconds) {
    ::poll(nullptr, 0, milliseconds);
}

bool is_checkpoint(std::string_view path) {
    return path.substr(path.rfind('/') + 1).starts_with("step-");
}

void hold() {
    const char* gate = std::getenv("GATE");
    static int published = 0;
    if (gate == nullptr || ++published <= number_of("PUBLISH_FREE")) return;
    std::fclose(std::fopen((std::string(gate) + ".held").c_str(), "w"));
    while (::access(gate, F_OK) == 0)
        pause_for(20);
}

}  // namespace

extern "C" int rename(const char* from, const char* to) noexcept {
    using Rename = int (*)(const char*, const char*);
    static const auto real = reinterpret_cast<Rename>(::dlsym(RTLD_NEXT, "rename"));
    if (is_checkpoint(to)) {
        pause_for(number_of("PUBLISH_MS"));
        hold();
    }
    return real(from, to);
}
