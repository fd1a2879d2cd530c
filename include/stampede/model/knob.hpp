#pragma once

#include <functional>
#include <list>
#include <utility>

namespace stampede {

/// How several holds on one knob act together.
enum class Combine {
  product,  ///< factors: two slow-downs by 2 make 4
  sum,      ///< added latencies
  minimum,  ///< caps
  any_of,   ///< independent probabilities: 1 - Π(1-p)
};

/// A setting of the running world that faults and controllers turn. Each has a hold of its own, and
/// the knob's value follows from those that exist: ended in any order, they restore exactly.
class Knob {
 public:
  using Changed = std::function<void(double value)>;

  Knob(Combine rule, double base, Changed changed = {})
      : value_(base), base_(base), rule_(rule), changed_(std::move(changed)) {}
  Knob(const Knob&) = delete;
  Knob& operator=(const Knob&) = delete;

  double value() const { return value_; }

  /// One turn of the knob; undone when it dies.
  class Hold {
   public:
    Hold() = default;
    Hold(Knob& knob, double amount) : knob_(&knob) {
      at_ = knob.holds_.insert(knob.holds_.end(), amount);
      knob.update();
    }
    Hold(Hold&& other) noexcept : knob_(std::exchange(other.knob_, nullptr)), at_(other.at_) {}
    Hold& operator=(Hold&& other) noexcept {
      if (this != &other) {
        release();
        knob_ = std::exchange(other.knob_, nullptr);
        at_ = other.at_;
      }
      return *this;
    }
    ~Hold() { release(); }

    void release() {
      if (Knob* knob = std::exchange(knob_, nullptr)) {
        knob->holds_.erase(at_);
        knob->update();
      }
    }

   private:
    Knob* knob_ = nullptr;
    std::list<double>::iterator at_;
  };

  [[nodiscard]] Hold hold(double amount) { return Hold(*this, amount); }

 private:
  void update() {
    // From the base each time, never by undoing a product: so that the last release gives back the
    // very bits of the beginning.
    double value = base_;
    for (const double amount : holds_) {
      switch (rule_) {
        case Combine::product:
          value *= amount;
          break;
        case Combine::sum:
          value += amount;
          break;
        case Combine::minimum:
          value = amount < value ? amount : value;
          break;
        case Combine::any_of:
          value = 1 - (1 - value) * (1 - amount);
          break;
      }
    }
    if (value != value_) {
      value_ = value;
      if (changed_) {
        changed_(value);
      }
    }
  }

  double value_;
  double base_;
  Combine rule_;
  Changed changed_;
  std::list<double> holds_;
};

}  // namespace stampede
