#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace stampede {

/// Memory for coroutine frames: a free list per size class and thread. A frame comes and goes with
/// every request and every call, and a general allocator would be a tenth of the whole run.
///
/// In sanitized builds frames come from the heap, so that a use after free is found.
class FramePool {
 public:
  static void* allocate(std::size_t size) {
#ifdef STAMPEDE_SANITIZED
    return ::operator new(size);
#else
    const std::size_t size_class = class_of(size);
    if (size_class < class_count) [[likely]] {
      if (FreeFrame* frame = free_[size_class]) [[likely]] {
        free_[size_class] = frame->next;
        return frame;
      }
    }
    return refill(size_class);
#endif
  }

  static void release(void* frame, std::size_t size) noexcept {
#ifdef STAMPEDE_SANITIZED
    static_cast<void>(size);
    ::operator delete(frame);
#else
    const std::size_t size_class = class_of(size);
    if (size_class < class_count) [[likely]] {
      free_[size_class] = new (frame) FreeFrame{free_[size_class]};
    } else {
      ::operator delete(frame);
    }
#endif
  }

 private:
  struct FreeFrame {
    FreeFrame* next;
  };
  static constexpr std::size_t granularity = 32;
  static constexpr std::size_t class_count = 64;  // frames below 2 KiB; larger ones: the heap

  static std::size_t class_of(std::size_t size) { return (size + granularity - 1) / granularity; }
  /// More frames of a class that has none left.
  static void* refill(std::size_t size_class);

  static inline thread_local constinit std::array<FreeFrame*, class_count> free_{};
};

/// Base of the promise types whose frames live in the pool.
struct PooledFrame {
  static void* operator new(std::size_t size) { return FramePool::allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept {
    FramePool::release(frame, size);
  }
};

}  // namespace stampede
