#include "stampede/kernel/event_queue.hpp"

#include <algorithm>
#include <bit>

namespace stampede {

namespace {

/// What a bucket holds on average when a rung is made.
constexpr std::size_t events_per_bucket = 16;
constexpr std::size_t max_buckets = 8192;

bool later(const Event& a, const Event& b) { return b < a; }

}  // namespace

void EventQueue::push_among_many(Event event) {
  if (event.time >= top_start_) {
    push_top(event);
    return;
  }
  for (std::size_t i = 0; i < rung_count_; ++i) {
    if (event.time >= rungs_[i].consumed_until()) {
      rungs_[i].push(event);
      return;
    }
  }
  if (bottom_size_ < spill_limit) {
    insert_sorted(event);
  } else {
    insert_into_many(event);
  }
}

void EventQueue::insert_into_many(Event event) {
  if (bottom_size_ + 2 == bottom_.size()) {
    bottom_.resize(2 * bottom_.size());
  }
  const auto end = bottom_.begin() + static_cast<std::ptrdiff_t>(bottom_size_) + 1;
  const auto place = std::lower_bound(bottom_.begin() + 1, end, event, later);
  std::copy_backward(place, end, end + 1);
  *place = event;
  ++bottom_size_;
  const auto sorted = std::span(bottom_).subspan(1, bottom_size_);
  if (top_start_ == none) {
    // All but the next ones go to the top, to be sorted when their turn comes. Of equal times some
    // may stay: what is pushed at `top_start_` from now on comes after them in any case.
    const auto moved = sorted.first(sorted.size() - sort_limit);
    top_start_ = moved.back().time;
    for (const Event& far : moved) {
      push_top(far);
    }
    const auto kept = sorted.last(sort_limit);
    std::copy(kept.begin(), kept.end(), sorted.begin());
    bottom_size_ = sort_limit;
  } else {
    // The new rung must reach to where the next coarser one begins, or later events would fall
    // between the two.
    const std::int64_t next =
        rung_count_ > 0 ? rungs_[rung_count_ - 1].consumed_until() : top_start_;
    const std::int64_t last = std::max(next - 1, sorted.front().time);
    if (sorted.back().time == last) {
      return;  // all at one instant: a rung could not tell them apart
    }
    add_rung(sorted, sorted.back().time, last);
    bottom_size_ = 0;
  }
}

bool EventQueue::refill_bottom() {
  while (rung_count_ > 0) {
    Rung& rung = rungs_[rung_count_ - 1];
    if (rung.event_count == 0) {
      --rung_count_;
      continue;
    }
    while (rung.buckets[rung.current].empty()) {
      ++rung.current;
    }
    std::vector<Event>& bucket = rung.buckets[rung.current];
    const std::int64_t bucket_start = rung.consumed_until();
    ++rung.current;
    rung.event_count -= bucket.size();
    if (bucket.size() <= sort_limit || rung.width_log2 == 0) {
      sort_into_bottom(bucket);
      return true;
    }
    scratch_.swap(bucket);
    const std::int64_t last = bucket_start + (std::int64_t{1} << rung.width_log2) - 1;
    add_rung(scratch_, bucket_start, last);  // `rung` and `bucket` may have moved
    scratch_.clear();
  }
  if (top_.empty()) {
    top_start_ = none;
    return false;
  }
  empty_top();
  return bottom_size_ > 0 || refill_bottom();
}

void EventQueue::empty_top() {
  const std::int64_t start = top_min_;
  const std::int64_t last = top_max_;
  top_min_ = none;
  top_max_ = 0;
  if (top_.size() <= sort_limit) {
    top_start_ = none;
    sort_into_bottom(top_);
    return;
  }
  top_start_ = last + 1;
  scratch_.swap(top_);
  add_rung(scratch_, start, last);
  scratch_.clear();
}

void EventQueue::sort_into_bottom(std::vector<Event>& events) {
  if (bottom_.size() < events.size() + 2) {
    bottom_.resize(events.size() + 2);
  }
  std::copy(events.begin(), events.end(), bottom_.begin() + 1);
  bottom_size_ = events.size();
  events.clear();
  if (bottom_size_ > 1) {
    std::sort(bottom_.begin() + 1, bottom_.begin() + 1 + static_cast<std::ptrdiff_t>(bottom_size_),
              later);
  }
}

void EventQueue::add_rung(std::span<const Event> events, std::int64_t start, std::int64_t last) {
  const auto span = static_cast<std::uint64_t>(last - start);
  const std::size_t wanted =
      std::clamp<std::size_t>(events.size() / events_per_bucket, 2, max_buckets);
  const int width_log2 = static_cast<int>(std::bit_width(span / wanted));
  if (rung_count_ == rungs_.size()) {
    rungs_.emplace_back();
  }
  Rung& rung = rungs_[rung_count_];
  ++rung_count_;
  rung.start = start;
  rung.width_log2 = width_log2;
  rung.current = 0;
  rung.event_count = 0;
  rung.bucket_count = static_cast<std::size_t>(span >> width_log2) + 1;
  if (rung.buckets.size() < rung.bucket_count) {
    rung.buckets.resize(rung.bucket_count);
  }
  for (const Event& event : events) {
    rung.push(event);
  }
}

}  // namespace stampede
