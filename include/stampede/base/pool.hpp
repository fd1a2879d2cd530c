#pragma once

#include <deque>

namespace stampede {

/// Objects that are taken, used and given back instead of made and destroyed: what comes with every
/// request costs no allocation. They stay where they are, and whoever takes one finds it as it was
/// given back. T has a member `T* next_idle`, which belongs to the pool.
template <class T>
class Pool {
 public:
  /// One that is not in use; made of `arguments` if there is none.
  template <class... Arguments>
  T& take(Arguments&... arguments) {
    if (idle_ == nullptr) [[unlikely]] {
      return all_.emplace_back(arguments...);
    }
    T& object = *idle_;
    idle_ = object.next_idle;
    return object;
  }
  void give_back(T& object) {
    object.next_idle = idle_;
    idle_ = &object;
  }

  /// All of them, in use or not.
  auto begin() { return all_.begin(); }
  auto end() { return all_.end(); }

 private:
  std::deque<T> all_;
  T* idle_ = nullptr;  ///< the one that was given back last
};

}  // namespace stampede
