#include "stampede/base/require.hpp"

#include <cstdio>
#include <cstdlib>

namespace stampede {

void fail(const std::string& what, std::source_location where) {
  std::fprintf(stderr, "stampede: bug at %s:%u (%s): %s\n", where.file_name(),
               static_cast<unsigned>(where.line()), where.function_name(), what.c_str());
  std::abort();
}

}  // namespace stampede
