#pragma once

#include <string>

#include "stampede/study/replications.hpp"

namespace stampede {

/// "[#####.....]  50%  3 of 10 replications, 1.2s gone, 1.2s left"; of a sweep its
/// points.
std::string progress_text(const Progress& progress);

/// Shows how far a study is on the standard error: one line that changes on a terminal, a line
/// every few seconds elsewhere.
class ProgressLine {
 public:
  /// `of` is what is going on, shown before the rest: "mm1 (3 of 16) ".
  explicit ProgressLine(bool is_shown, std::string of = {});
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const Progress& progress);

 private:
  bool is_shown_;
  std::string of_;
  bool rewrites_;
  double next_s_ = 0;
};

}  // namespace stampede
