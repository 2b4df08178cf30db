// A mosquitto.db (formats 5 and 6) as lines that can be imported. Whatever the file holds, the
// lines are sound: they refer to nothing that is missing, and everything that could not be kept is
// told in the report. Pure: takes the contents of the file.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/wire.hpp"
#include "transfer/line.hpp"

#include <string>
#include <vector>

namespace tandemq {

struct MosquittoDb {
  std::vector<Line> lines;  // In the order that transfer/line.hpp asks for.
  std::vector<std::string>
      report;  // Sentences: what was left out, and what such a file never holds.
};

// `now` decides what has expired, and stands for times that the file does not hold.
Result<MosquittoDb> read_mosquitto_db(ByteView database, Instant now);

}  // namespace tandemq
