// sample: the texts that are made from the option table: etc/tandemq.conf, docs/man/tandemq.conf.5
// and the list of keys in --help. Tests compare the files with these.
#pragma once

#include <string>

namespace tandemq {

std::string sample_config();
std::string config_man_page();  // roff, section 5.
std::string key_list();         // A line for each key: --key=default.

}  // namespace tandemq
