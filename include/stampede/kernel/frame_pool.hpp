#pragma once

#include <cstddef>

namespace stampede {

/// Memory for coroutine frames: a free list per size class and thread. A frame comes and goes with
/// every request and every call, and a general allocator would be a tenth of the whole run.
///
/// In sanitized builds frames come from the heap, so that a use after free is found.
void* allocate_frame(std::size_t size);
void free_frame(void* frame, std::size_t size) noexcept;

/// Base of the promise types whose frames live in the pool.
struct PooledFrame {
  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }
};

}  // namespace stampede
