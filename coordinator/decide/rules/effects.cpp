#include "coordinator/decide/rules/effects.h"

#include <iterator>
#include <utility>

namespace xorch {

void Effects::append(Effects more) {
    std::move(more.facts.begin(), more.facts.end(), std::back_inserter(facts));
    std::move(more.messages.begin(), more.messages.end(), std::back_inserter(messages));
}

}  // namespace xorch
