#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "components/arrivals/access_log.hpp"
#include "components/arrivals/known_type.hpp"
#include "components/arrivals/replay.hpp"
#include "stampede/schema/input_file.hpp"

namespace stampede {
namespace {

// ---- Settings ---------------------------------------------------------------------------------

/// A log that is read with the settings and shared by all worlds.
struct LogFile {
  std::string path;
  std::shared_ptr<const AccessLog> log;
};

}  // namespace

template <>
struct Codec<LogFile> {
  static void read(const Value& from, LogFile& to, Reader& reader) {
    LogFile file;
    const std::size_t errors_before = reader.errors();
    reader.read(from, file.path);
    if (reader.errors() != errors_before) {
      return;
    }
    InputFile lines(file.path, from.place, reader);
    file.log = std::make_shared<const AccessLog>(AccessLog::read(lines));
    if (lines.is_good() && file.log->entries.empty()) {
      lines.error("has no line of an access log");
    }
    to = std::move(file);
  }
  static Json echo(const LogFile& file) { return file.path; }
  static Json schema(SchemaWriter& writer) { return writer.of<std::string>(); }
  static std::string type_text() { return "the path of an access log"; }
};

namespace {

enum class LogFormat { combined, common };
const EnumNames<LogFormat>& names(LogFormat) {
  static const EnumNames<LogFormat> table{
      {{LogFormat::combined, "combined"}, {LogFormat::common, "common"}}};
  return table;
}

/// What becomes the key of a request.
enum class KeyOf { url, path, drawn };
const EnumNames<KeyOf>& names(KeyOf) {
  static const EnumNames<KeyOf> table{
      {{KeyOf::url, "url"}, {KeyOf::path, "path"}, {KeyOf::drawn, "drawn"}}};
  return table;
}

/// Who sends a request.
enum class UserOf { host, drawn };
const EnumNames<UserOf>& names(UserOf) {
  static const EnumNames<UserOf> table{{{UserOf::host, "host"}, {UserOf::drawn, "drawn"}}};
  return table;
}

/// Where in its second a request falls, of which the log tells no more.
enum class Spread { uniform, none };
const EnumNames<Spread>& names(Spread) {
  static const EnumNames<Spread> table{{{Spread::uniform, "uniform"}, {Spread::none, "none"}}};
  return table;
}

struct UrlPattern {
  std::string match;
  std::string type;
  KeyOf key = KeyOf::url;
};

void describe(Visitor& v, UrlPattern& s) {
  v.field("match", s.match, "the whole URL; * stands for any characters, ? for any one",
          required());
  v.field("type", s.type, "type of the request; drawn by shares unless given");
  v.field(
      "key", s.key,
      "what is asked for: the URL, its path without what follows a '?', or a drawn key; URLs and "
      "paths are numbered by popularity");
  if (!s.type.empty()) {
    v.declare(AsksForType{s.type});
  }
}

/// Whether a glob pattern fits the text as a whole. After a mismatch the last star takes one
/// character more; earlier stars never need another look.
bool fits(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t after_star = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after_star = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++after_star;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

struct ReplayLogSettings {
  LogFile file;
  LogFormat format = LogFormat::combined;
  Speed speed;
  std::vector<UrlPattern> patterns;
  UserOf user = UserOf::host;
  Spread spread = Spread::uniform;
  std::string left_out;  ///< what is wrong with the patterns; a check keeps no text of its own

  bool replays(const AccessLog::Entry& entry) const {
    return entry.is_combined || format == LogFormat::common;
  }
  /// The first pattern that a URL fits, or nullptr.
  const UrlPattern* pattern_of(std::string_view url) const {
    for (const UrlPattern& pattern : patterns) {
      if (fits(pattern.match, url)) {
        return &pattern;
      }
    }
    return nullptr;
  }
};

/// "" or "leaves out 3 URLs, such as '/x'".
std::string what_patterns_leave_out(const ReplayLogSettings& settings) {
  std::size_t count = 0;
  std::string example;
  for (const std::string& url : settings.file.log->urls) {
    if (settings.pattern_of(url) == nullptr) {
      example = count++ == 0 ? url.substr(0, 60) : example;
    }
  }
  return count == 0 ? "" : fmt::format("leaves out {} URLs, such as '{}'", count, example);
}

void describe(Visitor& v, ReplayLogSettings& s) {
  v.shorthand("file");
  v.field("file", s.file,
          "the log, relative to the scenario's directory; its lines may be in any "
          "order",
          required());
  v.declare(NamesUsers{});  // by the client's address
  v.field("format", s.format, "combined, or common, which lacks referrer and user agent");
  v.field("speed", s.speed, "how many times faster than it happened");
  v.field(
      "patterns", s.patterns,
      "types and keys by URL, the first that fits; all of any type, with the URL as key, unless "
      "given");
  v.field("user", s.user, "host: every host is a user; drawn: as for other traffic");
  v.field("spread", s.spread,
          "uniform: requests of one second at random instants of it, in their order; none: all at "
          "its beginning");
  if (s.file.log == nullptr) {
    return;
  }
  const std::vector<AccessLog::Entry>& entries = s.file.log->entries;
  v.check(std::any_of(entries.begin(), entries.end(),
                      [&](const AccessLog::Entry& entry) { return s.replays(entry); }),
          "file", "has no line of the combined format", "try format: common");
  s.left_out = s.patterns.empty() ? "" : what_patterns_leave_out(s);
  v.check(s.left_out.empty(), "patterns", s.left_out, "end the list with {match: '*', type: …}");
}

// ---- Process ----------------------------------------------------------------------------------

/// Sends what a log says was sent, each request at its time from the first one on.
class ReplayLog final : public ArrivalProcess {
 public:
  ReplayLog(const ReplayLogSettings& settings, const Context& context)
      : population_(context.population),
        settings_(settings),
        log_(settings.file.log),
        offset_stream_(population_.stream("arrivals")) {
    for (std::size_t i = 0; i < log_->entries.size(); ++i) {
      if (settings_.replays(log_->entries[i])) {
        total_ += 1;
        first_ = total_ == 1 ? i : first_;
        last_ = i;
      }
    }
    ask_for_urls();
  }

  Scope& scope() { return population_.scope(); }
  void start() override { static_cast<void>(replay()); }

  std::string note() const override {
    const double seconds = seconds_between(first_, last_);
    return joined(note_on_lines(),
                  length_note(settings_.file.path, settings_.speed.when(seconds * 1e9),
                              population_.simulation().now()));
  }

 private:
  /// What all requests for one URL have in common.
  struct Asked {
    std::optional<RequestTypeId> type;
    std::optional<std::uint64_t> key;
  };

  void ask_for_urls() {
    const UrlPattern any;
    for (std::size_t url = 0; url < log_->urls.size(); ++url) {
      const UrlPattern* found = settings_.pattern_of(log_->urls[url]);
      const UrlPattern& pattern = found == nullptr ? any : *found;
      Asked asked;
      if (!pattern.type.empty()) {
        asked.type = known_type(population_, pattern.type);
      }
      if (pattern.key != KeyOf::drawn) {
        asked.key = pattern.key == KeyOf::url ? log_->url_ranks[url] : log_->path_ranks[url];
      }
      asked_.push_back(asked);
    }
  }

  Process replay() {
    for (std::size_t i = first_; i < log_->entries.size(); ++i) {
      const Time due = time_of(i);
      if (due == Time::never()) {
        co_return Done();
      }
      co_await population_.simulation().until(due);
      if (settings_.replays(log_->entries[i])) {
        send(i, due);
      }
    }
    co_return Done();
  }

  void send(std::size_t i, Time due) {
    const AccessLog::Entry& entry = log_->entries[i];
    Ask ask;
    ask.sent = due;
    ask.type = asked_[entry.url].type;
    ask.key = asked_[entry.url].key;
    ask.response_size = entry.bytes;
    if (settings_.user == UserOf::host) {
      ask.user = entry.user;
    }
    population_.send_and_forget(ask);
  }

  double seconds_between(std::size_t i, std::size_t j) const {
    return static_cast<double>(log_->entries[j].second - log_->entries[i].second);
  }

  /// When an entry is due; entries are asked for in their order.
  Time time_of(std::size_t i) {
    if (i >= end_of_second_) {
      spread_second_of(i);
    }
    const double since_first_second =
        seconds_between(first_, i) * 1e9 + offsets_[i - begin_of_second_];
    if (i == first_) {
      first_offset_ = since_first_second;
    }
    return settings_.speed.when(since_first_second - first_offset_);
  }

  /// Draws where the entries of the second that begins with entry i fall in it, in nanoseconds.
  void spread_second_of(std::size_t i) {
    const std::vector<AccessLog::Entry>& entries = log_->entries;
    begin_of_second_ = i;
    end_of_second_ = i;
    offsets_.clear();
    while (end_of_second_ < entries.size() && entries[end_of_second_].second == entries[i].second) {
      Draw draw = offset_stream_.at(entries[end_of_second_].line);
      offsets_.push_back(settings_.spread == Spread::uniform ? draw.uniform() * 1e9 : 0);
      ++end_of_second_;
    }
    std::sort(offsets_.begin(), offsets_.end());
  }

  std::string note_on_lines() const {
    const std::size_t wrong = log_->lines - total_;
    if (wrong == 0) {
      return {};
    }
    const std::string format(name_of(settings_.format));
    return fmt::format(
        "{} of {} lines of {} {} and {} left out (first: line {})", wrong, log_->lines,
        settings_.file.path,
        wrong == 1 ? "is no " + format + "-format line" : "are no " + format + "-format lines",
        wrong == 1 ? "was" : "were", first_wrong_line());
  }

  std::uint32_t first_wrong_line() const {
    return settings_.format == LogFormat::combined ? log_->first_not_combined
                                                   : log_->first_not_common;
  }

  Population& population_;
  ReplayLogSettings settings_;
  std::shared_ptr<const AccessLog> log_;
  Stream offset_stream_;
  std::vector<Asked> asked_;  ///< by URL
  std::size_t first_ = 0;     ///< the entries that are sent first and last
  std::size_t last_ = 0;
  std::size_t total_ = 0;

  std::size_t begin_of_second_ = 0;  ///< the entries of the second being replayed
  std::size_t end_of_second_ = 0;
  std::vector<double> offsets_;
  double first_offset_ = 0;
};

const Register<ArrivalProcess, ReplayLog, ReplayLogSettings> registered{
    "replay_log", "the requests of an access log, at their times"};

}  // namespace
}  // namespace stampede
