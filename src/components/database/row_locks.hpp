#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "stampede/kernel/slots.hpp"

namespace stampede {

/// Rows that are being written: who writes one has it for itself, the others stand in line. Memory
/// is taken only by rows that somebody has or wants.
class RowLocks {
 private:
  struct Row {
    explicit Row(Simulation& simulation) : lock(simulation, 1) {}
    Slots lock;
    int users = 0;
  };

 public:
  explicit RowLocks(Simulation& simulation) : simulation_(simulation) {}

  /// Somebody's interest in a row, in line for it or with its lock; both end with it.
  class Turn {
   public:
    Turn(RowLocks& locks, std::uint64_t key) : locks_(locks), key_(key), row_(locks.row(key)) {
      ++row_.users;
    }
    Turn(const Turn&) = delete;
    ~Turn() {
      slot_.release();
      if (--row_.users == 0) {
        locks_.rows_.erase(key_);
      }
    }

    /// Gives an empty slot to who gave up.
    auto acquire(Time give_up) { return row_.lock.acquire(0, give_up); }
    void hold(Slot slot) { slot_ = std::move(slot); }

   private:
    RowLocks& locks_;
    std::uint64_t key_;
    Row& row_;
    Slot slot_;
  };

 private:
  Row& row(std::uint64_t key) {
    std::unique_ptr<Row>& row = rows_[key];
    if (!row) {
      row = std::make_unique<Row>(simulation_);
    }
    return *row;
  }

  Simulation& simulation_;
  tsl::robin_map<std::uint64_t, std::unique_ptr<Row>> rows_;
};

}  // namespace stampede
