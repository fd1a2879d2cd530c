#include "progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stampede/report/numbers.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

constexpr double seconds_between_lines = 5;
constexpr std::string_view back_and_clear = "\r\x1b[K";

}  // namespace

std::string progress_text(const Progress& progress) {
  constexpr std::size_t width = 20;
  const TextStyle ascii{.colour = false, .utf8 = false};
  const double share = std::clamp(progress.share, 0.0, 1.0);
  const auto done = static_cast<std::size_t>(share * width);
  const bool is_sweep = progress.batches > 1;
  std::string text =
      fmt::format("[{}{}] {:3.0f}%  {} of {} {}, {} gone", std::string(done, '#'),
                  std::string(width - done, '.'), share * 100,
                  is_sweep ? progress.finished_batches : progress.finished,
                  is_sweep ? progress.batches : progress.replications,
                  is_sweep ? "points" : "replications", seconds_text(progress.wall_s, ascii));
  if (progress.left_s && share < 1) {
    text += fmt::format(", {} left", seconds_text(*progress.left_s, ascii));
  }
  return text;
}

ProgressLine::ProgressLine(bool is_shown, std::string of)
    : is_shown_(is_shown),
      of_(std::move(of)),
      rewrites_(stderr_is_terminal() && !terminal_is_dumb()) {}

ProgressLine::~ProgressLine() {
  if (is_shown_ && rewrites_) {
    complain(back_and_clear);
  }
}

void ProgressLine::show(const Progress& progress) {
  if (!is_shown_) {
    return;
  }
  if (rewrites_) {
    complain(std::string(back_and_clear) + of_ + progress_text(progress));
  } else if (progress.wall_s >= next_s_ || progress.share >= 1) {
    next_s_ = progress.wall_s + seconds_between_lines;
    complain(of_ + progress_text(progress) + "\n");
  }
}

}  // namespace stampede
