#pragma once

// The sweep file's keys as one table each: name, type, default, range, meaning, and the member of
// core/sweep.h that a value goes into. The parser's checks, its suggestions and docs/sweep-file.md
// all come from these tables, so that they cannot disagree.

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/input/complaints.h"
#include "coordinator/input/document.h"
#include "core/sweep.h"

namespace xorch {

enum class KeyType {
    text,
    name,  // at most 64 of [A-Za-z0-9._-]
    integer,
    number,
    boolean,
    duration,
    size,
    texts,    // array of strings
    scalar,   // boolean, integer, float or string
    scalars,  // array of those
    custom,   // has a reader of its own; nothing stores it
};

// One value after the check of its type and range; the member of its type is set.
struct Reading {
    std::string text;
    std::int64_t integer = 0;
    double number = 0;
    bool flag = false;
    Millis duration{0};
    Bytes size{0};
    std::vector<std::string> texts;
    Value scalar;
    std::vector<Value> scalars;
};

// What the checks and the documentation need.
struct KeyText {
    std::string name;
    KeyType type = KeyType::custom;
    std::string fallback;  // the default as spelled in the file; "" = none
    bool required = false;
    std::string doc;
    double minimum = -std::numeric_limits<double>::infinity();
    double maximum = std::numeric_limits<double>::infinity();
    std::vector<std::string> choices;  // of a text; empty = any
};

template <class T>
struct Key {
    KeyText text;
    std::function<void(T&, const Reading&)> store;  // empty for custom keys
};

// Type and default of a member that a key fills.
KeyText describe(std::uint32_t member);
KeyText describe(std::int64_t member);
KeyText describe(int member);
KeyText describe(bool member);
KeyText describe(double member);
KeyText describe(Millis member);
KeyText describe(Bytes member);
KeyText describe(const std::string& member);
KeyText describe(const std::vector<std::string>& member);
KeyText describe(const std::vector<Value>& member);
KeyText describe(const std::optional<Value>& member);
KeyText describe(const std::optional<double>& member);

void assign(std::uint32_t& member, const Reading& reading);
void assign(std::int64_t& member, const Reading& reading);
void assign(int& member, const Reading& reading);
void assign(bool& member, const Reading& reading);
void assign(double& member, const Reading& reading);
void assign(Millis& member, const Reading& reading);
void assign(Bytes& member, const Reading& reading);
void assign(std::string& member, const Reading& reading);
void assign(std::vector<std::string>& member, const Reading& reading);
void assign(std::vector<Value>& member, const Reading& reading);
void assign(std::optional<Value>& member, const Reading& reading);
void assign(std::optional<double>& member, const Reading& reading);

// Refines the key just added.
class KeyOptions {
 public:
    explicit KeyOptions(KeyText& text) : text_(text) {}

    KeyOptions& required();
    KeyOptions& name_only();
    KeyOptions& at_least(double minimum);
    KeyOptions& at_most(double maximum);
    KeyOptions& one_of(std::vector<std::string> choices);

 private:
    KeyText& text_;
};

// Collects the keys of one table.
template <class T>
class KeyTable {
 public:
    template <class Member>
    KeyOptions member(std::string name, Member T::*place, std::string doc) {
        Key<T> key{describe(T{}.*place), [place](T& table, const Reading& reading) {
                       assign(table.*place, reading);
                   }};
        return add(std::move(key), std::move(name), std::move(doc));
    }

    // A text that means something else in the struct.
    KeyOptions text(
        std::string name,
        std::string fallback,
        std::string doc,
        void (*store)(T&, const std::string&)
    ) {
        Key<T> key{describe(std::string()), [store](T& table, const Reading& reading) {
                       store(table, reading.text);
                   }};
        key.text.fallback = std::move(fallback);
        return add(std::move(key), std::move(name), std::move(doc));
    }

    KeyOptions custom(std::string name, std::string doc) {
        return add({}, std::move(name), std::move(doc));
    }

    std::vector<Key<T>> take() { return std::move(keys_); }

 private:
    KeyOptions add(Key<T> key, std::string name, std::string doc) {
        key.text.name = std::move(name);
        key.text.doc = std::move(doc);
        keys_.push_back(std::move(key));
        return KeyOptions(keys_.back().text);
    }

    std::vector<Key<T>> keys_;
};

std::vector<Key<Sweep>> top_keys();    // all custom: the tables
std::vector<Key<Sweep>> sweep_keys();  // [sweep]
std::vector<Key<Stage>> stage_keys();
std::vector<Key<Resources>> resources_keys();
std::vector<Key<Limits>> limits_keys();
std::vector<Key<Records>> records_keys();
std::vector<Key<RecordsFrom>> records_from_keys();
std::vector<Key<Check>> check_keys();
std::vector<Key<Checkpoints>> checkpoints_keys();
std::vector<Key<Condition>> condition_keys();
std::vector<Key<Select>> select_keys();
std::vector<Key<OrderKey>> order_keys();
std::vector<Key<AlternativeOrder>> alternative_keys();
std::vector<Key<Gate>> gate_keys();
std::vector<Key<StopRule>> stop_keys();
std::vector<Key<Summary>> summary_keys();
std::vector<Key<Environment>> environment_keys();
std::vector<Key<Local>> local_keys();
std::vector<Key<SlurmOptions>> slurm_keys();
std::vector<Key<SlurmOptions>> cap_keys();  // what [enforce] slurm of a site file may cap
std::vector<Key<Notify>> notify_keys();
std::vector<Key<Sweep>> net_keys();
std::vector<Key<Tuning>> tuning_keys();

// Whether the text is at most 64 characters of [A-Za-z0-9._-], and not empty.
bool is_name(std::string_view text);

// Checks one value against its key; complains and returns false if it does not fit.
bool read_value(const KeyText& key, const Node& node, Reading& reading, Complaints& complaints);

// Complains about members that are no key of the table, and about required ones that are missing.
// Returns false if `node` is no table at all.
bool check_members(
    const Node& node, std::string_view table, std::span<const KeyText> keys, Complaints& complaints
);

template <class T>
std::vector<KeyText> key_texts(const std::vector<Key<T>>& keys) {
    std::vector<KeyText> texts;
    for (const Key<T>& key : keys)
        texts.push_back(key.text);
    return texts;
}

// Fills `out` from a table; custom keys are left to the caller. `table` is its name in messages.
template <class T>
void read_table(
    const Node& node,
    std::string_view table,
    const std::vector<Key<T>>& keys,
    Complaints& complaints,
    T& out
) {
    if (!check_members(node, table, key_texts(keys), complaints)) return;
    for (const Key<T>& key : keys) {
        const Node* value = node.find(key.text.name);
        Reading reading;
        if (value == nullptr || !key.store) continue;
        if (read_value(key.text, *value, reading, complaints)) key.store(out, reading);
    }
}

}  // namespace xorch
