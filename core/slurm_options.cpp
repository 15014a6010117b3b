#include "core/slurm_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/json.h"
#include "core/value.h"

namespace xorch {

namespace {

// Longer than any list of nodes or licences that a person writes.
constexpr std::size_t bytes_max = 1024;

constexpr std::array keys{
    SlurmRule{"partition",  SlurmText::words,    false, ""},
    SlurmRule{"account",    SlurmText::word,     false, ""},
    SlurmRule{"qos",        SlurmText::word,     false, ""},
    SlurmRule{"constraint", SlurmText::pattern,  false, ""},
    SlurmRule{"comment",    SlurmText::sentence, false, ""},
    SlurmRule{"mpi",        SlurmText::word,     false, ""},
};

bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

bool is_word_byte(char byte) {
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           byte == '.' || byte == '_' || byte == '-';
}

template <class Allowed>
bool all_bytes(std::string_view value, Allowed allowed) {
    return !value.empty() && std::all_of(value.begin(), value.end(), allowed);
}

bool is_one_of(char byte, std::string_view set) {
    return set.find(byte) != std::string_view::npos;
}

bool fits(SlurmText text, std::string_view value) {
    switch (text) {
        case SlurmText::flag:
            return value.empty();
        case SlurmText::count:
            return all_bytes(value, is_digit) && value.size() <= 10;
        case SlurmText::size:
            if (!value.empty() && is_one_of(value.back(), "KMGT")) value.remove_suffix(1);
            return all_bytes(value, is_digit) && value.size() <= 15;
        case SlurmText::time:
            return all_bytes(value, [](char b) { return is_digit(b) || is_one_of(b, ":-"); });
        case SlurmText::word:
            return all_bytes(value, is_word_byte);
        case SlurmText::words:
            return all_bytes(value, [](char b) { return is_word_byte(b) || b == ','; });
        case SlurmText::pattern:
            return all_bytes(value, [](char b) {
                return is_word_byte(b) || is_one_of(b, ",@:=+*/%&|()[]{}#~^");
            });
        case SlurmText::sentence:
            return all_bytes(value, [](char b) {
                return static_cast<unsigned char>(b) >= 0x20 && b != 0x7F;
            });
    }
    return false;
}

std::string_view describe(SlurmText text) {
    switch (text) {
        case SlurmText::flag:
            return "true";
        case SlurmText::count:
            return "a number without a sign";
        case SlurmText::size:
            return "a number, perhaps with K, M, G or T after it";
        case SlurmText::time:
            return "a time such as 30 (minutes) or 1-02:03:04";
        case SlurmText::word:
            return "letters, digits, '.', '_' and '-'";
        case SlurmText::words:
            return "words of letters, digits, '.', '_' and '-', separated by commas";
        case SlurmText::pattern:
            return "letters, digits and . _ - , @ : = + * / % & | ( ) [ ] { } # ~ ^";
        case SlurmText::sentence:
            return "one line without control characters";
    }
    return "?";
}

}  // namespace

const SlurmRule* find_slurm_key(std::string_view name) {
    const auto* found = std::find_if(keys.begin(), keys.end(), [&](const SlurmRule& rule) {
        return rule.name == name;
    });
    return found == keys.end() ? nullptr : found;
}

const std::vector<SlurmRule>& slurm_option_rules() {
    static const std::vector<SlurmRule> rules{
        {"begin",            SlurmText::pattern, false, "Not before this time."                  },
        {"contiguous",       SlurmText::flag,    true,  "Nodes side by side."                    },
        {"cores-per-socket", SlurmText::count,   false, "Nodes with at least so many."           },
        {"exclude",          SlurmText::pattern, false, "Nodes never to use."                    },
        {"exclusive",        SlurmText::word,    true,  "Whole nodes: `true`, `user` or `mcs`."  },
        {"gpu-freq",         SlurmText::pattern, false, "Clock of the GPUs."                     },
        {"gres",             SlurmText::pattern, false, "Generic resources, such as `shard:1`."  },
        {"hint",             SlurmText::word,    false, "How tasks are bound."                   },
        {"licenses",         SlurmText::pattern, false, "Licences, such as `matlab@host:1`."     },
        {"mail-type",        SlurmText::words,   false, "When Slurm itself writes a mail."       },
        {"mail-user",        SlurmText::pattern, false, "Where to."                              },
        {"mem",              SlurmText::size,    false, "Memory per node, as Slurm spells it."   },
        {"mem-per-cpu",      SlurmText::size,    false, "Memory per processor."                  },
        {"mem-per-gpu",      SlurmText::size,    false, "Memory per GPU."                        },
        {"nice",             SlurmText::count,   false, "Lowers the priority by so much."        },
        {"nodelist",         SlurmText::pattern, false, "Nodes that must be among them."         },
        {"priority",         SlurmText::count,   false, "For operators of the cluster."          },
        {"reservation",      SlurmText::words,   false, "Nodes reserved under this name."        },
        {"sockets-per-node", SlurmText::count,   false, "Nodes with at least so many."           },
        {"switches",         SlurmText::pattern, false, "At most so many switches: `1@10:00`."   },
        {"threads-per-core", SlurmText::count,   false, "Threads of a core to use."              },
        {"time-min",         SlurmText::time,    false, "An allocation so short is welcome, too."},
        {"tmp",              SlurmText::size,    false, "Local disk per node."                   },
        {"wckey",            SlurmText::word,    false, "Workload characterization key."         },
    };
    return rules;
}

const SlurmRule* find_slurm_option(std::string_view name) {
    for (const SlurmRule& rule : slurm_option_rules()) {
        if (rule.name == name) return &rule;
    }
    return nullptr;
}

Result<void> check_slurm_text(const SlurmRule& rule, std::string_view value) {
    if (value.empty() && rule.flag_allowed) return {};
    const bool dash = value.starts_with('-');
    if (!dash && value.size() <= bytes_max && fits(rule.text, value)) return {};
    const std::string shown = format_json(Value(std::string(value.substr(0, 80))));
    return fail(
        ErrorCode::invalid_input,
        dash || value.size() > bytes_max
            ? fmt::format(
                  "{} must not {}: {}",
                  rule.name,
                  dash ? "start with a dash" : fmt::format("be longer than {} bytes", bytes_max),
                  shown
              )
            : fmt::format("{} must be {}, not {}", rule.name, describe(rule.text), shown)
    );
}

}  // namespace xorch
