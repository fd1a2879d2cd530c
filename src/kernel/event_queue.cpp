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

void EventQueue::push_below_top(Event event) {
  for (std::size_t i = 0; i < rung_count_; ++i) {
    if (event.time >= rungs_[i].consumed_until()) {
      rungs_[i].push(event);
      return;
    }
  }
  insert_sorted(event);
}

void EventQueue::insert_into_many(Event event) {
  bottom_.insert(std::lower_bound(bottom_.begin(), bottom_.end(), event, later), event);
  if (top_start_ == none) {
    // All but the next ones go to the top, to be sorted when their turn comes. Of equal times some
    // may stay: what is pushed at `top_start_` from now on comes after them in any case.
    const auto keep = bottom_.end() - sort_limit;
    top_start_ = (keep - 1)->time;
    for (auto moved = bottom_.begin(); moved != keep; ++moved) {
      push_top(*moved);
    }
    bottom_.erase(bottom_.begin(), keep);
  } else {
    // The new rung must reach to where the next coarser one begins, or later events would fall
    // between the two.
    const std::int64_t end =
        rung_count_ > 0 ? rungs_[rung_count_ - 1].consumed_until() : top_start_;
    const std::int64_t last = std::max(end - 1, bottom_.front().time);
    if (bottom_.back().time == last) {
      return;  // all at one instant: a rung could not tell them apart
    }
    scratch_.swap(bottom_);
    add_rung(scratch_, scratch_.back().time, last);
    scratch_.clear();
  }
}

void EventQueue::refill_bottom() {
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
      return;
    }
    scratch_.swap(bucket);
    const std::int64_t last = bucket_start + (std::int64_t{1} << rung.width_log2) - 1;
    add_rung(scratch_, bucket_start, last);  // `rung` and `bucket` may have moved
    scratch_.clear();
  }
  empty_top();
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
  refill_bottom();
}

void EventQueue::sort_into_bottom(std::vector<Event>& events) {
  bottom_.assign(events.begin(), events.end());
  events.clear();
  if (bottom_.size() > 1) {
    std::sort(bottom_.begin(), bottom_.end(), later);
  }
}

void EventQueue::add_rung(std::vector<Event>& events, std::int64_t start, std::int64_t last) {
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
