#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "entry_list.hpp"
#include "key_map.hpp"

namespace stampede {

/// Keys in the order in which they came, a number with each: what is remembered of keys that are
/// not in the cache.
class KeyQueue {
 public:
  KeyQueue() = default;
  KeyQueue(const KeyQueue&) = delete;
  KeyQueue& operator=(const KeyQueue&) = delete;

  bool empty() const { return order_.empty(); }
  std::size_t size() const { return nodes_of_.size(); }

  /// The number of the key, nullptr if it is not here. Valid until the queue changes.
  std::uint32_t* find(std::uint64_t key) {
    const std::uint32_t* node = nodes_of_.find(key);
    return node == nullptr ? nullptr : &nodes_[*node].number;
  }
  std::uint64_t oldest() const { return nodes_[order_.oldest()].key; }

  /// The key must not be here.
  void push_newest(std::uint64_t key, std::uint32_t number) {
    EntrySlot node;
    if (free_.empty()) {
      node = static_cast<EntrySlot>(nodes_.size());
      nodes_.emplace_back();
    } else {
      node = free_.back();
      free_.pop_back();
    }
    nodes_[node] = Node{key, number};
    nodes_of_[key] = node;
    order_.push_newest(node);
  }
  /// The key must be here.
  void make_newest(std::uint64_t key) { order_.make_newest(*nodes_of_.find(key)); }
  /// The key must be here.
  void remove(std::uint64_t key) {
    const EntrySlot node = *nodes_of_.find(key);
    order_.remove(node);
    nodes_of_.erase(key);
    free_.push_back(node);
  }

 private:
  struct Node {
    std::uint64_t key = 0;
    std::uint32_t number = 0;
  };

  std::vector<Node> nodes_;
  std::vector<EntrySlot> free_;
  KeyMap nodes_of_;
  EntryLinks links_;
  EntryList order_{links_};
};

}  // namespace stampede
