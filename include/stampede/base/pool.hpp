#pragma once

#include <cstddef>
#include <deque>
#include <vector>

namespace stampede {

/// Objects that are taken, used and given back instead of made and destroyed: what comes with every
/// request costs no allocation. They stay where they are, and whoever takes one finds it as it was
/// given back.
template <class T>
class Pool {
 public:
  /// One that is not in use; made of `arguments` if there is none.
  template <class... Arguments>
  T& take(Arguments&... arguments) {
    if (idle_.empty()) [[unlikely]] {
      return all_.emplace_back(arguments...);
    }
    T& object = *idle_.back();
    idle_.pop_back();
    return object;
  }
  void give_back(T& object) { idle_.push_back(&object); }

  /// All of them, in use or not.
  auto begin() { return all_.begin(); }
  auto end() { return all_.end(); }

 private:
  std::deque<T> all_;
  std::vector<T*> idle_;
};

}  // namespace stampede
