#include "interrupt.hpp"

#include <signal.h>

#include <array>

namespace stampede {
namespace {

constexpr std::array<int, 2> watched{SIGINT, SIGTERM};

std::atomic<bool> raised = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not wait");

std::array<struct sigaction, watched.size()> before;

// Only what is safe in a signal handler: atomics, signal, raise.
void on_signal(int number) {
  if (raised.exchange(true)) {
    signal(number, SIG_DFL);
    raise(number);
  }
}

}  // namespace

InterruptWatch::InterruptWatch() {
  raised = false;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < watched.size(); ++i) {
    sigaction(watched[i], &action, &before[i]);
  }
}

InterruptWatch::~InterruptWatch() {
  for (std::size_t i = 0; i < watched.size(); ++i) {
    sigaction(watched[i], &before[i], nullptr);
  }
}

const std::atomic<bool>& InterruptWatch::flag() const { return raised; }

}  // namespace stampede
