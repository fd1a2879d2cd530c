#include "stampede/kernel/frame_pool.hpp"

#include <array>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace stampede {

#ifdef STAMPEDE_SANITIZED

void* allocate_frame(std::size_t size) { return ::operator new(size); }
void free_frame(void* frame, std::size_t) noexcept { ::operator delete(frame); }

#else

namespace {

constexpr std::size_t granularity = 32;
constexpr std::size_t class_count = 64;  // frames up to 2 KiB; larger ones come from the heap
constexpr std::size_t block_size = 64 * 1024;

struct FreeFrame {
  FreeFrame* next;
};

struct Pool {
  std::array<FreeFrame*, class_count + 1> free{};
  std::vector<std::unique_ptr<std::byte[]>> blocks;

  void* refill(std::size_t size_class) {
    const std::size_t size = size_class * granularity;
    const std::size_t count = block_size / size;
    std::byte* memory = blocks.emplace_back(new std::byte[count * size]).get();
    for (std::size_t i = count; i-- > 1;) {
      free[size_class] = new (memory + i * size) FreeFrame{free[size_class]};
    }
    return memory;
  }
};

thread_local Pool pool;

}  // namespace

void* allocate_frame(std::size_t size) {
  const std::size_t size_class = (size + granularity - 1) / granularity;
  if (size_class > class_count) {
    return ::operator new(size);
  }
  FreeFrame*& head = pool.free[size_class];
  if (head == nullptr) {
    return pool.refill(size_class);
  }
  FreeFrame* frame = head;
  head = frame->next;
  return frame;
}

void free_frame(void* frame, std::size_t size) noexcept {
  const std::size_t size_class = (size + granularity - 1) / granularity;
  if (size_class > class_count) {
    ::operator delete(frame);
    return;
  }
  pool.free[size_class] = new (frame) FreeFrame{pool.free[size_class]};
}

#endif

}  // namespace stampede
