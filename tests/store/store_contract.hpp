// What every Store promises, as checks that each implementation's test runs over its own.
#pragma once

#include "store/store.hpp"

#include <functional>
#include <memory>

namespace tandemq::tests {

// `make` gives a store that is empty.
void check_store_contract(const std::function<std::unique_ptr<Store>()>& make);

}  // namespace tandemq::tests
