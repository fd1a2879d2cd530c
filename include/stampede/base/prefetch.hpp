#pragma once

#include <cstddef>

namespace stampede {

/// Asks the processor for memory that will be written soon. A hint: any address is fine.
///
/// For writing, because that is what happens to it, and because processors drop a prefetch for
/// reading when the address is not in their TLB (seen on EPYC: of 10^5 requests in flight, nearly
/// all). Every x86-64 takes the instruction, the oldest as a no-op, but g++ only writes it when
/// told of newer ones.
inline void prefetch_to_write(const void* memory) {
#if defined(__x86_64__)
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(memory)));
#else
  __builtin_prefetch(memory, 1);
#endif
}

/// The same for all lines of an object.
inline void prefetch_to_write(const void* memory, std::size_t bytes) {
  constexpr std::size_t cache_line = 64;
  for (std::size_t i = 0; i < bytes; i += cache_line) {
    prefetch_to_write(static_cast<const char*>(memory) + i);
  }
}

}  // namespace stampede
