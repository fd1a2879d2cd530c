#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "components/arrivals/text_ranks.hpp"
#include "stampede/base/hash.hpp"

namespace stampede {

/// A line of an access log in the common log format, or in the combined one, which adds referrer
/// and user agent:
///   host ident user [17/May/2015:10:05:03 +0000] "GET /a?b=c HTTP/1.1" 200 203023 "…" "…"
struct AccessLogLine {
  std::string_view host;
  std::int64_t second = 0;  ///< since 1970, UTC
  std::string_view url;
  std::uint64_t bytes = 0;
  bool is_combined = false;

  static std::optional<AccessLogLine> parse(std::string_view text);
};

namespace detail {

/// Takes an access log line apart from left to right. After a mismatch nothing matches any more.
class AccessLogParser {
 public:
  explicit AccessLogParser(std::string_view text) : rest_(text) {}

  bool is_good() const { return good_; }

  void skip(std::string_view expected) {
    if (rest_.starts_with(expected)) {
      rest_.remove_prefix(expected.size());
    } else {
      good_ = false;
    }
  }

  /// All before `end`, which is passed over.
  std::string_view until(std::string_view end) {
    const std::size_t at = good_ ? rest_.find(end) : std::string_view::npos;
    if (at == std::string_view::npos) {
      good_ = false;
      return {};
    }
    const std::string_view text = rest_.substr(0, at);
    rest_.remove_prefix(at + end.size());
    return text;
  }

  /// What is between double quotes; a backslash takes the next character along.
  std::string_view quoted() {
    skip("\"");
    std::size_t end = 0;
    while (good_ && end < rest_.size() && rest_[end] != '"') {
      end += rest_[end] == '\\' ? 2 : 1;
    }
    if (!good_ || end >= rest_.size()) {
      good_ = false;
      return {};
    }
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }

  std::uint64_t number(std::size_t least_digits) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    const auto digits = static_cast<std::size_t>(end - rest_.data());
    good_ = good_ && error == std::errc() && digits >= least_digits;
    rest_.remove_prefix(good_ ? digits : 0);
    return number;
  }

  /// The bytes of an answer; none are written as a dash.
  std::uint64_t size() {
    if (rest_.starts_with('-')) {
      skip("-");
      return 0;
    }
    return number(1);
  }

  /// "17/May/2015:10:05:03 +0000" in seconds since 1970.
  std::int64_t timestamp() {
    const std::uint64_t day = number(2);
    skip("/");
    const unsigned month = month_of(until("/"));
    const std::uint64_t year = number(4);
    skip(":");
    const std::uint64_t hour = number(2);
    skip(":");
    const std::uint64_t minute = number(2);
    skip(":");
    const std::uint64_t second = number(2);
    skip(" ");
    const bool east = rest_.starts_with('+');
    skip(east ? "+" : "-");
    const std::uint64_t zone = number(4);
    const std::chrono::year_month_day date{
        std::chrono::year(static_cast<int>(std::min<std::uint64_t>(year, 9999))),
        std::chrono::month(month),
        std::chrono::day(static_cast<unsigned>(std::min<std::uint64_t>(day, 99)))};
    good_ = good_ && date.ok() && hour < 24 && minute < 60 && second <= 60 && zone <= 9999;
    if (!good_) {
      return 0;
    }
    const std::chrono::sys_days days = date;
    const auto offset = static_cast<std::int64_t>(zone / 100 * 3600 + zone % 100 * 60);
    return days.time_since_epoch().count() * std::int64_t{86400} +
           static_cast<std::int64_t>(hour * 3600 + minute * 60 + second) +
           (east ? -offset : offset);
  }

 private:
  static unsigned month_of(std::string_view name) {
    constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto at = std::find(names.begin(), names.end(), name);
    return at == names.end() ? 0 : static_cast<unsigned>(at - names.begin()) + 1;
  }

  std::string_view rest_;
  bool good_ = true;
};

/// The URL of "GET /a?b=c HTTP/1.1"; whatever a broken client sent instead, as a whole.
inline std::string_view url_of(std::string_view request) {
  const std::size_t first = request.find(' ');
  const std::size_t last = request.rfind(' ');
  if (first == std::string_view::npos) {
    return request;
  }
  return first == last ? request.substr(first + 1) : request.substr(first + 1, last - first - 1);
}

}  // namespace detail

inline std::optional<AccessLogLine> AccessLogLine::parse(std::string_view text) {
  AccessLogLine line;
  detail::AccessLogParser parser(text);
  line.host = parser.until(" ");
  parser.until(" [");
  line.second = parser.timestamp();
  parser.skip("] ");
  line.url = detail::url_of(parser.quoted());
  parser.skip(" ");
  parser.number(3);
  parser.skip(" ");
  line.bytes = parser.size();
  if (!parser.is_good()) {
    return std::nullopt;
  }
  // Servers are often told to write more fields behind those of the format.
  parser.skip(" ");
  parser.quoted();
  parser.skip(" ");
  parser.quoted();
  line.is_combined = parser.is_good();
  return line;
}

/// An access log in memory, in the order of time.
struct AccessLog {
  struct Entry {
    std::int64_t second;
    std::uint64_t user;  ///< hash of the host
    std::uint32_t url;   ///< index of `urls`
    std::uint32_t bytes;
    std::uint32_t line;
    bool is_combined;
  };

  std::vector<Entry> entries;  ///< those of one second in the order of the file
  std::vector<std::string> urls;
  std::vector<std::uint32_t> url_ranks;   ///< popularity of each URL: 0 is the first
  std::vector<std::uint32_t> path_ranks;  ///< the same of its part before the '?'
  std::size_t lines = 0;                  ///< empty ones do not count
  std::uint32_t first_not_common = 0;     ///< number of the first line that is no entry; 0: none
  std::uint32_t first_not_combined = 0;   ///< the same of those that lack the combined fields

  /// `next_line()` gives true and `line()` the next line until there is none.
  template <class Lines>
  static AccessLog read(Lines& lines);
};

template <class Lines>
AccessLog AccessLog::read(Lines& lines) {
  AccessLog log;
  TextRanks urls;
  TextRanks paths;
  std::vector<std::uint32_t> path_of_url;
  std::uint32_t number = 0;
  while (lines.next_line()) {
    ++number;
    if (lines.line().empty()) {
      continue;
    }
    ++log.lines;
    const std::optional<AccessLogLine> line = AccessLogLine::parse(lines.line());
    if (log.first_not_combined == 0 && !(line && line->is_combined)) {
      log.first_not_combined = number;
    }
    if (!line) {
      log.first_not_common = log.first_not_common == 0 ? number : log.first_not_common;
      continue;
    }
    const std::uint32_t url = urls.add(line->url);
    const std::uint32_t path = paths.add(line->url.substr(0, line->url.find('?')));
    if (url == path_of_url.size()) {
      path_of_url.push_back(path);
    }
    const std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    log.entries.push_back({line->second, hash_bytes(line->host), url,
                           static_cast<std::uint32_t>(std::min(line->bytes, most)), number,
                           line->is_combined});
  }
  std::stable_sort(log.entries.begin(), log.entries.end(),
                   [](const Entry& a, const Entry& b) { return a.second < b.second; });
  log.urls = urls.texts();
  log.url_ranks = urls.ranks();
  const std::vector<std::uint32_t> ranks = paths.ranks();
  for (const std::uint32_t path : path_of_url) {
    log.path_ranks.push_back(ranks[path]);
  }
  return log;
}

}  // namespace stampede
