#pragma once

#include <atomic>

namespace stampede {

/// While it lives, the first Ctrl-C (SIGINT) or SIGTERM only raises a flag; the second one kills.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  const std::atomic<bool>& flag() const;
};

}  // namespace stampede
