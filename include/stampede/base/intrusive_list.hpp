#pragma once

namespace stampede {

/// A place in at most one IntrusiveList. Leaves its list when destroyed, so that whatever owns the
/// hook (a coroutine frame, mostly) can die at any moment without telling anybody.
class ListHook {
 public:
  ListHook() = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { unlink(); }

  bool is_linked() const { return next_ != nullptr; }

  void unlink() {
    if (next_ != nullptr) {
      previous_->next_ = next_;
      next_->previous_ = previous_;
      next_ = nullptr;
    }
  }

 private:
  template <class T>
  friend class IntrusiveList;
  ListHook* previous_;  ///< while it is linked
  ListHook* next_ = nullptr;
};

/// A doubly linked list of objects that derive from ListHook; owns none of them.
template <class T>
class IntrusiveList {
 public:
  IntrusiveList() { make_empty(); }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (!empty()) {
      head_.next_->unlink();
    }
    head_.next_ = nullptr;  // the sentinel is in no list of others
  }

  bool empty() const { return head_.next_ == &head_; }
  T& front() { return *static_cast<T*>(head_.next_); }
  T& back() { return *static_cast<T*>(head_.previous_); }

  /// Takes the item out of the list that it is in, perhaps this one, and puts it at the end.
  void push_back(T& item) {
    item.ListHook::unlink();
    insert(*head_.previous_, item);
  }
  void push_front(T& item) {
    item.ListHook::unlink();
    insert(head_, item);
  }

  T& pop_front() {
    T& item = front();
    ListHook& hook = item;
    head_.next_ = hook.next_;
    hook.next_->previous_ = &head_;
    hook.next_ = nullptr;
    return item;
  }
  T& pop_back() {
    T& item = back();
    item.ListHook::unlink();
    return item;
  }

  /// Moves every item of `other` to the end of this list.
  void take_all(IntrusiveList& other) {
    while (!other.empty()) {
      push_back(other.pop_front());
    }
  }

  /// Calls `visit(item)` for each; `visit` may unlink that item but no other.
  template <class Visit>
  void for_each(Visit visit) {
    for (ListHook* hook = head_.next_; hook != &head_;) {
      ListHook* next = hook->next_;
      visit(*static_cast<T*>(hook));
      hook = next;
    }
  }

 private:
  void make_empty() {
    head_.next_ = &head_;
    head_.previous_ = &head_;
  }
  static void insert(ListHook& after, ListHook& item) {
    item.previous_ = &after;
    item.next_ = after.next_;
    after.next_->previous_ = &item;
    after.next_ = &item;
  }

  ListHook head_;
};

}  // namespace stampede
