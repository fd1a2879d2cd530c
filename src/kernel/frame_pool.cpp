#include "stampede/kernel/frame_pool.hpp"

#include <memory>
#include <vector>

namespace stampede {

namespace {

constexpr std::size_t block_size = 64 * 1024;

/// Blocks live as long as their thread: what was allocated there is freed there.
thread_local std::vector<std::unique_ptr<std::byte[]>> blocks;

}  // namespace

void* FramePool::refill(std::size_t size_class) {
  const std::size_t size = size_class * granularity;
  if (size_class >= class_count) {
    return ::operator new(size);
  }
  const std::size_t count = block_size / size;
  std::byte* memory = blocks.emplace_back(new std::byte[count * size]).get();
  for (std::size_t i = count; i-- > 1;) {
    free_[size_class] = new (memory + i * size) FreeFrame{free_[size_class]};
  }
  return memory;
}

}  // namespace stampede
