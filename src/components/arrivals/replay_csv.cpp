#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "components/arrivals/known_type.hpp"
#include "components/arrivals/replay.hpp"
#include "stampede/base/hash.hpp"
#include "stampede/schema/input_file.hpp"

namespace stampede {
namespace {

/// The requests of a file, in the order of time; read with the settings and shared by all worlds.
struct RequestTable {
  struct Row {
    double at;         ///< nanoseconds
    std::size_t type;  ///< index of `types`
    std::optional<std::uint64_t> key;
    std::optional<std::uint64_t> user;
    std::optional<std::uint32_t> size;
    std::optional<std::uint32_t> response_size;
  };

  std::vector<Row> rows;
  std::vector<std::string> types{""};  ///< the first means that none was given

  std::size_t type_number(std::string_view name) {
    const auto at = std::find(types.begin(), types.end(), name);
    if (at != types.end()) {
      return static_cast<std::size_t>(at - types.begin());
    }
    types.emplace_back(name);
    return types.size() - 1;
  }
};

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                  : std::nullopt;
}

/// A whole number stands for itself, any other text for its hash, nothing for nothing.
std::optional<std::uint64_t> identity(std::string_view text) {
  if (text.empty()) {
    return std::nullopt;
  }
  const std::optional<std::uint64_t> number = whole(text);
  return number ? *number : hash_bytes(text);
}

/// Reads a file of requests row by row and tells the reader of the first mistake.
class RequestTableReader {
 public:
  RequestTableReader(const std::string& path, const Place& place, Reader& reader)
      : csv_(path, place, reader) {}

  RequestTable read() {
    find_columns();
    while (csv_.next_row() && take_row()) {
    }
    if (csv_.is_good() && table_.rows.empty()) {
      csv_.error("holds no requests");
    }
    std::stable_sort(
        table_.rows.begin(), table_.rows.end(),
        [](const RequestTable::Row& a, const RequestTable::Row& b) { return a.at < b.at; });
    return std::move(table_);
  }

 private:
  void find_columns() {
    static const std::vector<std::string> known{"time_s", "type", "key",
                                                "size",   "user", "response_size"};
    for (const std::string& name : csv_.columns()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        csv_.error(fmt::format("has the unknown column '{}'; there are {}", name, one_of(known)));
        return;
      }
    }
    if (csv_.is_good() && csv_.column("time_s") < 0) {
      csv_.error(
          "needs a first line with time_s and perhaps type, key, size, user and "
          "response_size");
    }
  }

  bool take_row() {
    RequestTable::Row row{};
    const std::optional<double> seconds = parse_number(csv_.cell(csv_.column("time_s"))).value;
    constexpr double century = 3.2e9;
    if (!seconds || !(*seconds >= 0 && *seconds <= century)) {
      return wrong("needs a time_s of 0 or more seconds");
    }
    row.at = *seconds * 1e9;
    row.type = table_.type_number(csv_.cell(csv_.column("type")));
    row.key = identity(csv_.cell(csv_.column("key")));
    row.user = identity(csv_.cell(csv_.column("user")));
    if (!take_size("size", row.size) || !take_size("response_size", row.response_size)) {
      return false;
    }
    table_.rows.push_back(row);
    return true;
  }

  bool take_size(std::string_view column, std::optional<std::uint32_t>& size) {
    const std::string_view text = csv_.cell(csv_.column(column));
    if (text.empty()) {
      return true;
    }
    const std::optional<std::uint64_t> bytes = whole(text);
    if (!bytes || *bytes > std::numeric_limits<std::uint32_t>::max()) {
      return wrong(fmt::format("has '{}' as {}, expected a whole number of bytes below 4 GiB", text,
                               column));
    }
    size = static_cast<std::uint32_t>(*bytes);
    return true;
  }

  bool wrong(const std::string& what) {
    csv_.error_at_line(what);
    return false;
  }

  CsvFile csv_;
  RequestTable table_;
};

struct RequestFile {
  std::string path;
  std::shared_ptr<const RequestTable> table;
};

}  // namespace

template <>
struct Codec<RequestFile> {
  static void read(const Value& from, RequestFile& to, Reader& reader) {
    RequestFile file;
    const std::size_t errors_before = reader.errors();
    reader.read(from, file.path);
    if (reader.errors() == errors_before) {
      file.table = std::make_shared<const RequestTable>(
          RequestTableReader(file.path, from.place, reader).read());
      to = std::move(file);
    }
  }
  static Json echo(const RequestFile& file) { return file.path; }
  static Json schema(SchemaWriter& writer) { return writer.of<std::string>(); }
  static std::string type_text() { return "the path of a CSV file"; }
};

namespace {

struct ReplayCsvSettings {
  RequestFile file;
  Speed speed;
};

void describe(Visitor& v, ReplayCsvSettings& s) {
  v.shorthand("file");
  v.field(
      "file", s.file,
      "a CSV file, relative to the scenario's directory, with a column time_s and perhaps type, "
      "key, user (numbers or names), size and response_size (bytes); what is missing is drawn",
      required());
  v.field("speed", s.speed, "how many times faster than the file says");
  if (s.file.table != nullptr) {
    for (std::size_t i = 1; i < s.file.table->types.size(); ++i) {
      v.declare(AsksForType{s.file.table->types[i]});
    }
    const auto& rows = s.file.table->rows;
    if (std::any_of(rows.begin(), rows.end(),
                    [](const auto& row) { return row.user.has_value(); })) {
      v.declare(NamesUsers{});
    }
  }
}

/// Sends the requests of a table, each at its time.
class ReplayCsv final : public ArrivalProcess {
 public:
  ReplayCsv(const ReplayCsvSettings& settings, const Context& context)
      : population_(context.population), settings_(settings), table_(settings.file.table) {
    types_.push_back(std::nullopt);
    for (std::size_t i = 1; i < table_->types.size(); ++i) {
      types_.push_back(known_type(population_, table_->types[i]));
    }
  }

  Scope& scope() { return population_.scope(); }
  void start() override { static_cast<void>(replay()); }

  std::string note() const override {
    return length_note(settings_.file.path, settings_.speed.when(table_->rows.back().at),
                       population_.simulation().now());
  }

 private:
  Process replay() {
    for (std::size_t i = 0; i < table_->rows.size(); ++i) {
      const Time due = settings_.speed.when(table_->rows[i].at);
      if (due == Time::never()) {
        co_return Done();
      }
      co_await population_.simulation().until(due);
      population_.send_and_forget(ask_for(table_->rows[i], due));
    }
    co_return Done();
  }

  Ask ask_for(const RequestTable::Row& row, Time due) const {
    Ask ask;
    ask.sent = due;
    ask.type = types_[row.type];
    ask.key = row.key;
    ask.user = row.user;
    ask.size = row.size;
    ask.response_size = row.response_size;
    return ask;
  }

  Population& population_;
  ReplayCsvSettings settings_;
  std::shared_ptr<const RequestTable> table_;
  std::vector<std::optional<RequestTypeId>> types_;  ///< by the table's numbers
};

const Register<ArrivalProcess, ReplayCsv, ReplayCsvSettings> registered{
    "replay_csv", "the requests of a table, at their times"};

}  // namespace
}  // namespace stampede
