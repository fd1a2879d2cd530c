#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "components/arrivals/replay.hpp"
#include "components/arrivals/text_ranks.hpp"
#include "stampede/random/variates.hpp"
#include "stampede/schema/input_file.hpp"

namespace stampede {
namespace {

/// The keys of a file in their order; read with the settings and shared by all worlds.
struct KeyFile {
  std::string path;
  std::shared_ptr<const std::vector<std::uint64_t>> keys;
};

/// Reads one key a line. Whole numbers are the keys themselves; if there is any other text, all
/// lines are numbered by popularity.
std::vector<std::uint64_t> read_keys(InputFile& lines) {
  TextRanks texts;
  std::vector<std::uint32_t> text_of_line;
  std::vector<std::uint64_t> keys;
  bool all_are_numbers = true;
  while (lines.next_line()) {
    const std::string_view text = lines.line();
    if (text.empty()) {
      continue;
    }
    text_of_line.push_back(texts.add(text));
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    all_are_numbers = all_are_numbers && error == std::errc() && end == text.data() + text.size();
    keys.push_back(number);
  }
  if (!all_are_numbers) {
    const std::vector<std::uint32_t> ranks = texts.ranks();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keys[i] = ranks[text_of_line[i]];
    }
  }
  return keys;
}

}  // namespace

template <>
struct Codec<KeyFile> {
  static void read(const Value& from, KeyFile& to, Reader& reader) {
    KeyFile file;
    const std::size_t errors_before = reader.errors();
    reader.read(from, file.path);
    if (reader.errors() != errors_before) {
      return;
    }
    InputFile lines(file.path, from.place, reader);
    file.keys = std::make_shared<const std::vector<std::uint64_t>>(read_keys(lines));
    if (lines.is_good() && file.keys->empty()) {
      lines.error("holds no keys");
    }
    to = std::move(file);
  }
  static Json echo(const KeyFile& file) { return file.path; }
  static Json schema(SchemaWriter& writer) { return writer.of<std::string>(); }
  static std::string type_text() { return "the path of a file with one key a line"; }
};

namespace {

enum class Gaps { poisson, constant };
const EnumNames<Gaps>& names(Gaps) {
  static const EnumNames<Gaps> table{{{Gaps::poisson, "poisson"}, {Gaps::constant, "constant"}}};
  return table;
}

struct ReplayKeysSettings {
  KeyFile file;
  Choice<RateProfile> rate;
  Gaps arrivals = Gaps::poisson;
  bool repeat = false;
};

void describe(Visitor& v, ReplayKeysSettings& s) {
  v.field("file", s.file,
          "one key a line, relative to the scenario's directory; whole numbers are the keys, other "
          "texts are numbered by popularity",
          required());
  v.field("rate", s.rate, "requests per second, each for the next key", required());
  v.field("arrivals", s.arrivals, "gaps between requests: poisson (exponential) or constant");
  v.field("repeat", s.repeat, "begin again at the end of the file; else that is the last request");
}

/// Asks for the keys of a trace in their order, at a rate that has nothing to do with it.
class ReplayKeys final : public ArrivalProcess {
 public:
  ReplayKeys(const ReplayKeysSettings& settings, const Context& context)
      : population_(context.population),
        settings_(settings),
        keys_(settings.file.keys),
        rate_(settings.rate.make({})) {}

  Scope& scope() { return population_.scope(); }
  void start() override { static_cast<void>(replay()); }

  std::string note() const override {
    if (settings_.repeat) {
      return {};
    }
    const Time last = rate_->after(Time(), static_cast<double>(keys_->size()));
    return length_note(settings_.file.path, last, population_.simulation().now());
  }

 private:
  Process replay() {
    Draw draw = population_.stream("arrivals").sequence();
    double events = 0;  // since t = 0
    while (settings_.repeat || sent_ < keys_->size()) {
      const double more = settings_.arrivals == Gaps::poisson ? standard_exponential(draw) : 1;
      events += sent_ == 0 && settings_.arrivals == Gaps::constant ? 0.5 : more;
      const Time due = rate_->after(Time(), events);
      if (due == Time::never()) {
        co_return Done();
      }
      co_await population_.simulation().until(due);
      Ask ask;
      ask.sent = due;
      ask.key = (*keys_)[sent_ % keys_->size()];
      ++sent_;
      population_.send_and_forget(ask);
    }
    co_return Done();
  }

  Population& population_;
  ReplayKeysSettings settings_;
  std::shared_ptr<const std::vector<std::uint64_t>> keys_;
  std::unique_ptr<RateProfile> rate_;
  std::size_t sent_ = 0;
};

const Register<ArrivalProcess, ReplayKeys, ReplayKeysSettings> registered{
    "replay_keys", "a list of keys in its order, at a given rate"};

}  // namespace
}  // namespace stampede
