#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <map>
#include <set>

#include "components/queue/message.hpp"
#include "stampede/base/hash.hpp"

namespace stampede {

/// The visible messages of a queue, each at its place: a message that comes back stands where it
/// stood. With `one_per_key`, a message is only next when no other of its key is out.
class MessageLine {
 public:
  explicit MessageLine(bool one_per_key) : one_per_key_(one_per_key) {}

  std::size_t size() const { return all_.size(); }

  /// Puts it in, or back: then it is no longer out.
  void add(Message& message) {
    all_.emplace_hint(all_.end(), message.id, &message);
    if (one_per_key_) {
      Key& key = keys_[message.request.key];
      key.waiting.insert(message.id);
      refresh(key);
    }
  }

  /// Who is to be delivered next; null if nobody is.
  Message* next() {
    if (one_per_key_) {
      return next_.empty() ? nullptr : all_.at(*next_.begin());
    }
    return all_.empty() ? nullptr : all_.begin()->second;
  }
  /// The first one, whether or not it could be delivered; null if nobody is there.
  Message* first() { return all_.empty() ? nullptr : all_.begin()->second; }

  void remove(const Message& message) {
    all_.erase(message.id);
    if (one_per_key_) {
      Key& key = keys_[message.request.key];
      key.waiting.erase(message.id);
      refresh(key);
      forget_if_idle(message.request.key);
    }
  }

  /// Its turn has come: until it `is_not_out` any more, it keeps back the others of its key.
  void send_out(const Message& message) {
    if (one_per_key_) {
      keys_[message.request.key].out = message.id;
    }
    remove(message);
  }
  /// It keeps nobody back any more.
  void is_not_out(const Message& message) {
    if (!one_per_key_) {
      return;
    }
    const auto found = keys_.find(message.request.key);
    if (found != keys_.end() && found->second.out == message.id) {
      found.value().out = 0;
      refresh(found.value());
      forget_if_idle(message.request.key);
    }
  }

  void clear() {
    all_.clear();
    keys_.clear();
    next_.clear();
  }

 private:
  /// The messages of one key, by number.
  struct Key {
    std::set<std::uint64_t> waiting;
    std::uint64_t out = 0;
    std::uint64_t next = 0;  ///< the one of them that is among `next_`
  };

  struct Mix {
    std::size_t operator()(std::uint64_t key) const { return mix(key); }
  };

  void refresh(Key& key) {
    const std::uint64_t next = key.out == 0 && !key.waiting.empty() ? *key.waiting.begin() : 0;
    if (next != key.next) {
      next_.erase(key.next);
      if (next != 0) {
        next_.insert(next);
      }
      key.next = next;
    }
  }
  void forget_if_idle(std::uint64_t key) {
    const auto found = keys_.find(key);
    if (found->second.waiting.empty() && found->second.out == 0) {
      keys_.erase(found);
    }
  }

  bool one_per_key_;
  std::map<std::uint64_t, Message*> all_;
  tsl::robin_map<std::uint64_t, Key, Mix> keys_;
  std::set<std::uint64_t> next_;
};

}  // namespace stampede
