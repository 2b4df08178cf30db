// A mosquitto.conf (Mosquitto 2.0) as lines of our configuration, and a sentence for each option
// that has no equivalent or means something else here. Where it cannot be kept who may connect or
// do what, less is allowed and not more. Pure: takes the contents of files, keeps paths as they are
// written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tandemq {

struct MosquittoText {
  std::string name;  // For messages.
  std::string text;
  std::string folder;  // The include_dir it was found in, as it is written; empty: the main file.
};

struct MosquittoConf {
  std::vector<std::string> lines;  // "key = value", accepted by config/load.
  std::vector<std::string> notes;  // "FILE:LINE: OPTION: what is different and what to do."
  std::string database;            // Where Mosquitto keeps its mosquitto.db; empty: nowhere.
};

// What the main file asks to include: all files in these folders that end in .conf, by name.
std::vector<std::string> included_folders(std::string_view main_text);

// The main file first, then those of each folder in their order.
MosquittoConf translate_mosquitto_conf(const std::vector<MosquittoText>& texts);

}  // namespace tandemq
