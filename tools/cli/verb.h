#pragma once

// The options of one verb, as its file declares them. What reads the command line stands behind
// this header: seen by every verb, it made each of them compile for seconds.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace xorch {

// Each call refines the option and returns it.
class VerbOption {
 public:
    explicit VerbOption(CLI::Option& option) : option_(&option) {}

    VerbOption& required();
    VerbOption& type_name(const std::string& name);  // of its value, in --help
    VerbOption& show_default();                      // in --help: what the value is now
    VerbOption& one_each();                          // given again for each further value
    VerbOption& separated_by(char delimiter);
    VerbOption& one_of(const std::set<std::string>& words);
    VerbOption& excludes(const VerbOption& other);
    VerbOption& hidden();

 private:
    CLI::Option* option_;
};

// Values are written when the command line is read, and outlive it.
class Verb {
 public:
    explicit Verb(CLI::App& app) : app_(&app) {}

    // "--name", "--name,-n", or "name" for one that is known by its position.
    VerbOption option(const std::string& name, std::string& value, const std::string& doc = "");
    VerbOption option(
        const std::string& name, std::vector<std::string>& values, const std::string& doc
    );
    VerbOption option(const std::string& name, std::uint32_t& value, const std::string& doc);
    VerbOption option(const std::string& name, std::uint64_t& value, const std::string& doc);
    VerbOption option(const std::string& name, std::int64_t& value, const std::string& doc);
    VerbOption option(const std::string& name, double& value, const std::string& doc);
    VerbOption flag(const std::string& name, bool& value, const std::string& doc);

    // For the few that do more than this.
    CLI::App& app() { return *app_; }

 private:
    CLI::App* app_;
};

}  // namespace xorch
