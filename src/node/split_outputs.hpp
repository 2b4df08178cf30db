// split_outputs: the outputs of a batch, sorted by the sink that carries them out. Each sink gets a
// reference of its own to a body, one for all its receivers. Pure; core thread.
#pragma once

#include "broker/output.hpp"

#include <vector>

namespace tandemq {

// Appends to `by_sink`, whose index is the sink of the connection; grows it as needed.
void split_outputs(Outputs&& outputs, std::vector<Outputs>& by_sink);

// True if one sink has all of them, so that they can go there as they are.
bool have_one_sink(const Outputs& outputs);

}  // namespace tandemq
