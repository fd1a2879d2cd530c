#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "stampede/base/hash.hpp"
#include "stampede/model/load_balancing.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// Settings as a user writes them: {{"choice_count", "3"}}.
using SettingsText = std::vector<std::pair<std::string, std::string>>;

inline Choice<LoadBalancingPolicy> read_policy(const std::string& kind,
                                               const SettingsText& settings, Problems& problems) {
  std::vector<Value::Member> members{{"kind", {}, Value::scalar(kind)}};
  for (const auto& [key, text] : settings) {
    members.push_back({key, {}, Value::scalar(text)});
  }
  Choice<LoadBalancingPolicy> choice;
  Reader reader(problems);
  reader.read(Value::map(members), choice);
  return choice;
}

/// What a load balancer does around a policy, without time, network or health: keeps the books and
/// calls the policy as the contract says.
class FakeBalancer {
 public:
  explicit FakeBalancer(const std::string& kind, const SettingsText& settings = {},
                        std::uint64_t seed = 1) {
    Problems problems;
    const auto choice = read_policy(kind, settings, problems);
    REQUIRE(problems.empty());
    policy_ = choice.make({Stream(seed, 0, "balancer", "policy").sequence(), combine(seed, 7)});
  }

  /// Adds a backend that is eligible; its name is made of its slot.
  BackendSlot add(double weight = 1) {
    const auto slot = static_cast<BackendSlot>(backends_.size());
    backends_.push_back(Backend{hash_bytes("app-" + std::to_string(slot)), weight, 0, 0});
    eligible_.push_back(slot);
    changed_ = true;
    return slot;
  }
  void add_many(int count, double weight = 1) {
    for (int i = 0; i < count; ++i) {
      add(weight);
    }
  }
  void set_eligible(std::vector<BackendSlot> slots) {
    std::sort(slots.begin(), slots.end());
    eligible_ = std::move(slots);
    changed_ = true;
  }
  void remove(BackendSlot slot) {
    std::erase(eligible_, slot);
    changed_ = true;
  }
  void set_weight(BackendSlot slot, double weight) {
    backends_[slot].weight = weight;
    changed_ = true;
  }

  /// Where the policy would send the request; nothing is sent.
  BackendSlot ask(const Request& request = {}) {
    if (std::exchange(changed_, false)) {
      policy_->eligible_changed(view());
    }
    const BackendSlot slot = policy_->choose(view(), request, now);
    if (!is_eligible(slot)) {  // not a REQUIRE: this runs millions of times
      FAIL("chose slot " << slot << ", which is not eligible");
    }
    return slot;
  }
  BackendSlot ask_for(std::uint64_t key) {
    Request request;
    request.key = key;
    return ask(request);
  }

  /// Asks and sends.
  BackendSlot send(const Request& request = {}) {
    const BackendSlot slot = ask(request);
    send_to(slot);
    return slot;
  }
  BackendSlot send_key(std::uint64_t key) {
    const BackendSlot slot = ask_for(key);
    send_to(slot);
    return slot;
  }
  /// Sends where the test says, as a sticky balancer does.
  void send_to(BackendSlot slot) {
    if (std::exchange(changed_, false)) {
      policy_->eligible_changed(view());
    }
    ++backends_[slot].in_flight;
    policy_->started(slot, view());
  }
  void end(BackendSlot slot, Duration latency = {}, Outcome outcome = Outcome::ok) {
    require(backends_[slot].in_flight > 0, "a test ends what never started");
    --backends_[slot].in_flight;
    policy_->ended(slot, view(), outcome, latency, now);
  }
  /// A request that is answered before the next one comes.
  BackendSlot serve(const Request& request = {}) {
    const BackendSlot slot = send(request);
    end(slot);
    return slot;
  }

  std::uint32_t in_flight(BackendSlot slot) const { return backends_[slot].in_flight; }
  double weight(BackendSlot slot) const { return backends_[slot].weight; }
  std::size_t known() const { return backends_.size(); }
  const std::vector<BackendSlot>& eligible() const { return eligible_; }
  bool is_eligible(BackendSlot slot) const {
    return std::binary_search(eligible_.begin(), eligible_.end(), slot);
  }
  std::uint64_t eligible_in_flight() const {
    std::uint64_t sum = 0;
    for (const BackendSlot slot : eligible_) {
      sum += backends_[slot].in_flight;
    }
    return sum;
  }

  /// How many of so many requests, each answered at once, every slot gets.
  std::vector<int> counts(int requests) {
    std::vector<int> counts(backends_.size(), 0);
    for (int i = 0; i < requests; ++i) {
      ++counts[serve()];
    }
    return counts;
  }

  Time now;

 private:
  BackendView view() const {
    const auto differs = [this](BackendSlot slot) {
      return backends_[slot].weight != backends_[eligible_.front()].weight;
    };
    return BackendView(backends_, eligible_,
                       std::none_of(eligible_.begin(), eligible_.end(), differs));
  }

  std::vector<Backend> backends_;
  std::vector<BackendSlot> eligible_;
  std::unique_ptr<LoadBalancingPolicy> policy_;
  bool changed_ = true;
};

/// Pearson's chi-square of counts against expected shares (any scale).
inline double chi_square(const std::vector<int>& counts, const std::vector<double>& shares) {
  double all = 0;
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    all += counts[i];
    sum += shares[i];
  }
  double statistic = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = all * shares[i] / sum;
    const double off = counts[i] - expected;
    statistic += off * off / expected;
  }
  return statistic;
}

}  // namespace stampede
