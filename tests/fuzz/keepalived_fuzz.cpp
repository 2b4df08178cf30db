// Input: a keepalived.conf. Whatever it is, it is read, and nothing in it has an empty key.
#include "base/ensure.hpp"
#include "doctor/keepalived_file.hpp"

#include <cstddef>
#include <cstdint>

using namespace tandemq;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const doctor::KeepalivedFile file = doctor::read_keepalived_file(text);
  ENSURE(file.track_files.size() + file.instances.size() <= size, "nothing comes of nothing");
  return 0;
}
