// The reader of scenarios takes any bytes: it gives a scenario or tells what is wrong, and neither
// crashes, leaks nor hangs. What it accepts it can echo, and what it tells can be shown.

#include <cstddef>
#include <cstdint>
#include <string>

#include "stampede/base/json.hpp"
#include "stampede/base/require.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/schema/render.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stampede;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const ReadScenario read = read_scenario(text, "fuzzed.yaml");
  require(read.scenario.has_value() != has_errors(read.problems),
          "a scenario was read with errors, or not read without one");
  if (read.scenario) {
    const std::string echoed = resolved(*read.scenario).dump();
    // JSON lets DEL stand in a text, YAML does not.
    require(echoed.find('\x7f') != std::string::npos ||
                read_scenario(echoed, "echoed.yaml").scenario.has_value(),
            "the echo of a scenario cannot be read");
  }
  render(read.problems, [&](const std::string&) { return read.text; });
  return 0;
}
