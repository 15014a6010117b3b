#include "tools/cli/verb.h"

#include <CLI/CLI.hpp>

namespace xorch {

VerbOption& VerbOption::required() {
    option_->required();
    return *this;
}

VerbOption& VerbOption::type_name(const std::string& name) {
    option_->type_name(name);
    return *this;
}

VerbOption& VerbOption::show_default() {
    option_->capture_default_str();
    return *this;
}

VerbOption& VerbOption::one_each() {
    option_->allow_extra_args(false);
    return *this;
}

VerbOption& VerbOption::separated_by(char delimiter) {
    option_->delimiter(delimiter);
    return *this;
}

VerbOption& VerbOption::one_of(const std::set<std::string>& words) {
    option_->check(CLI::IsMember(words));
    return *this;
}

VerbOption& VerbOption::excludes(const VerbOption& other) {
    option_->excludes(other.option_);
    return *this;
}

VerbOption& VerbOption::hidden() {
    option_->group("");
    return *this;
}

VerbOption Verb::option(const std::string& name, std::string& value, const std::string& doc) {
    return VerbOption(*app_->add_option(name, value, doc));
}

VerbOption Verb::option(
    const std::string& name, std::vector<std::string>& values, const std::string& doc
) {
    return VerbOption(*app_->add_option(name, values, doc));
}

VerbOption Verb::option(const std::string& name, std::uint32_t& value, const std::string& doc) {
    return VerbOption(*app_->add_option(name, value, doc));
}

VerbOption Verb::option(const std::string& name, std::uint64_t& value, const std::string& doc) {
    return VerbOption(*app_->add_option(name, value, doc));
}

VerbOption Verb::option(const std::string& name, std::int64_t& value, const std::string& doc) {
    return VerbOption(*app_->add_option(name, value, doc));
}

VerbOption Verb::option(const std::string& name, double& value, const std::string& doc) {
    return VerbOption(*app_->add_option(name, value, doc));
}

VerbOption Verb::flag(const std::string& name, bool& value, const std::string& doc) {
    return VerbOption(*app_->add_flag(name, value, doc));
}

}  // namespace xorch
