// manual: the texts that are made from the command table: --help, and docs/man/tandemqctl.1, which
// a test compares with man_page(). Pure.
#pragma once

#include <string>
#include <string_view>

namespace tandemq {

// Of all commands, of those whose name begins with the topic, or of the one that it names. Empty:
// there is no such command.
std::string help_text(std::string_view topic);

std::string man_page();  // roff, section 1.

}  // namespace tandemq
