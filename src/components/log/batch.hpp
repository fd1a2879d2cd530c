#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "stampede/kernel/signal.hpp"
#include "stampede/model/request.hpp"

namespace stampede {

/// Messages of one publisher for one partition, which travel, are appended and are answered as one.
/// It is shared by the publisher's client and by whichever broker it has reached.
class RecordBatch {
 public:
  RecordBatch(Simulation& simulation, std::uint32_t partition)
      : partition(partition), opened(simulation.now()), done_(simulation) {}

  void add(const Request& request) {
    size += request.size;
    messages.push_back(request);
  }

  /// Tells all who wait for it.
  void finish(const Response& response) {
    response_ = response;
    is_done_ = true;
    done_.raise();
  }
  bool is_done() const { return is_done_; }
  auto done() { return done_.wait(); }
  const Response& response() const { return response_; }

  std::uint32_t partition;
  Time opened;
  std::uint64_t size = 0;  ///< payload in bytes
  std::vector<Request> messages;

  // How the leader tells it from a new one when it comes again.
  std::uint64_t end = 0;    ///< the offset after it, where it was appended last; 0: it never was
  std::uint64_t epoch = 0;  ///< of that leader

 private:
  Signal done_;
  Response response_;
  bool is_done_ = false;
};

/// A batch on its way to a leader.
class Produce {
 public:
  Produce(std::shared_ptr<RecordBatch> sent, PlaceId from, std::uint64_t luck)
      : from(from), luck(luck), batch(std::move(sent)) {}

  PlaceId from;
  std::uint64_t luck;  ///< of what is drawn on the way
  std::shared_ptr<RecordBatch> batch;
};
inline std::uint32_t payload_of(const Produce& produce) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(produce.batch->size, UINT32_MAX));
}

}  // namespace stampede
