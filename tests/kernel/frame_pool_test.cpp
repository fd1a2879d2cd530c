#include "stampede/kernel/frame_pool.hpp"

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "kernel/clock.hpp"
#include "stampede/kernel/job.hpp"

namespace stampede {
namespace {

using namespace literals;
using test::Clock;
using test::note_after;
using test::start;

TEST_CASE("frames in use do not overlap, whatever their size") {
  std::mt19937_64 random(1);
  struct Frame {
    void* at;
    std::size_t size;
    unsigned char mark;
  };
  std::vector<Frame> frames;
  int mistakes = 0;
  const auto release = [&](std::size_t i) {
    const auto* bytes = static_cast<const unsigned char*>(frames[i].at);
    for (std::size_t k = 0; k < frames[i].size; ++k) {
      mistakes += bytes[k] != frames[i].mark;
    }
    FramePool::release(frames[i].at, frames[i].size);
    frames[i] = frames.back();
    frames.pop_back();
  };
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 5 < 3) {
      const std::size_t size = 1 + random() % 3000;
      void* at = FramePool::allocate(size);
      mistakes += reinterpret_cast<std::uintptr_t>(at) % __STDCPP_DEFAULT_NEW_ALIGNMENT__ != 0;
      const auto mark = static_cast<unsigned char>(random());
      std::memset(at, mark, size);
      frames.push_back(Frame{at, size, mark});
    } else if (!frames.empty()) {
      release(random() % frames.size());
    }
  }
  while (!frames.empty()) {
    release(frames.size() - 1);
  }
  CHECK(mistakes == 0);
}

#ifndef STAMPEDE_SANITIZED
TEST_CASE("the frame that was given back last is taken first, by its size class") {
  void* first = FramePool::allocate(100);
  void* second = FramePool::allocate(100);
  FramePool::release(first, 100);
  void* other_class = FramePool::allocate(200);
  CHECK(other_class != first);
  void* again = FramePool::allocate(110);  // both are of at most 128 bytes
  CHECK(again == first);
  FramePool::release(again, 110);
  FramePool::release(second, 100);
  FramePool::release(other_class, 200);
}

TEST_CASE("many frames one after the other take the memory of one") {
  std::set<void*> places;
  for (int i = 0; i < 100'000; ++i) {
    void* frame = FramePool::allocate(500);
    places.insert(frame);
    FramePool::release(frame, 500);
  }
  CHECK(places.size() == 1);
}
#endif

TEST_CASE("each thread has frames of its own") {
  const auto simulate = [](std::size_t& notes) {
    for (int round = 0; round < 20; ++round) {
      Clock clock;
      Scope jobs(clock.simulation);
      for (int i = 0; i < 200; ++i) {
        start(note_after(jobs, clock, Duration::nanoseconds(1 + i % 7), "a"));
      }
      clock.run(5);  // some are still there when their scope dies
      notes += clock.log.size();
    }
  };
  std::vector<std::size_t> notes(4);
  std::vector<std::thread> threads;
  for (std::size_t& count : notes) {
    threads.emplace_back(simulate, std::ref(count));
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const std::size_t count : notes) {
    CHECK(count == notes[0]);
  }
}

}  // namespace
}  // namespace stampede
