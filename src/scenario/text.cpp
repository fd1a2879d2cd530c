#include "stampede/scenario/text.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "stampede/base/require.hpp"

namespace stampede {
namespace {

// Nobody nests deeper by hand, and everything that walks a tree may recurse this far.
constexpr std::size_t deepest = 64;
// How many values aliases may copy in all: generous for people, out of reach for a bomb.
constexpr std::size_t alias_budget = 100'000;

/// A mistake after which the text cannot be read on.
struct Unreadable : std::exception {
  explicit Unreadable(Problem p) : problem(std::move(p)) {}
  Problem problem;
};

/// Where the lines of a text are, to turn bytes into columns as an editor counts them.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text), starts_{0} {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') {
        starts_.push_back(i + 1);
      }
    }
  }

  Place place_of_byte(const std::string& file, std::size_t offset) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    const auto line = static_cast<std::size_t>(after - starts_.begin()) - 1;
    return place(file, line, offset - starts_[line]);
  }

  /// `line` and `byte` count from 0.
  Place place(const std::string& file, std::size_t line, std::size_t byte) const {
    // Places come mostly in the order of the text: counting goes on from the last one, or a long
    // line would be counted again for every value in it.
    if (line != counted_line_ || byte < counted_byte_) {
      counted_line_ = line;
      counted_byte_ = 0;
      counted_column_ = 1;
    }
    const std::string_view text = rest_of_line(line, counted_byte_);
    const std::size_t wanted = byte - counted_byte_;
    for (const char c : text.substr(0, wanted)) {
      counted_column_ += (static_cast<unsigned char>(c) & 0xc0U) != 0x80;
    }
    counted_column_ += static_cast<int>(wanted - std::min(wanted, text.size()));
    counted_byte_ = byte;
    return {file, static_cast<int>(line) + 1, counted_column_};
  }

  std::string_view text() const { return text_; }

  std::size_t offset(std::size_t line, std::size_t byte) const {
    return std::min(line < starts_.size() ? starts_[line] + byte : text_.size(), text_.size());
  }

  /// What stands from that byte of a line to its end.
  std::string_view rest_of_line(std::size_t line, std::size_t byte) const {
    if (line >= starts_.size()) {
      return {};
    }
    const std::size_t end = line + 1 < starts_.size() ? starts_[line + 1] - 1 : text_.size();
    const std::size_t begin = std::min(starts_[line] + byte, end);
    return text_.substr(begin, end - begin);
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
  mutable std::size_t counted_line_ = 0;
  mutable std::size_t counted_byte_ = 0;
  mutable int counted_column_ = 1;
};

/// The offset of the first byte that is no UTF-8 (RFC 3629: no overlong forms, no surrogates).
std::optional<std::size_t> find_bad_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || i + length > text.size()) {
      return i;
    }
    const unsigned second = byte(i + 1);
    const unsigned lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (second < lowest || second > highest) {
      return i;
    }
    for (std::size_t k = 2; k < length; ++k) {
      if ((byte(i + k) & 0xc0U) != 0x80) {
        return i;
      }
    }
    i += length;
  }
  return std::nullopt;
}

/// Refuses bytes that are no text before a YAML parser sees them.
std::optional<Problem> find_bad_byte(std::string_view text, const std::string& file,
                                     const Lines& lines) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool carriage_return = byte == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && !carriage_return) || byte == 0x7f) {
      return Problem{Severity::error, lines.place_of_byte(file, i),
                     byte == 0 ? "a NUL byte" : fmt::format("a control character (0x{:02x})", byte),
                     "text in UTF-8", "is this a text file?"};
    }
  }
  if (const std::optional<std::size_t> bad = find_bad_utf8(text)) {
    return Problem{Severity::error, lines.place_of_byte(file, *bad),
                   fmt::format("a byte that is not UTF-8 (0x{:02x})",
                               static_cast<unsigned>(static_cast<unsigned char>(text[*bad]))),
                   "text in UTF-8", "save the file as UTF-8"};
  }
  return std::nullopt;
}

std::size_t size_of(const Value& value) {
  std::size_t size = 1;
  for (const Value& item : value.items) {
    size += size_of(item);
  }
  for (const Value::Member& member : value.members) {
    size += size_of(member.value);
  }
  return size;
}

std::size_t depth_of(const Value& value) {
  std::size_t depth = 0;
  for (const Value& item : value.items) {
    depth = std::max(depth, depth_of(item));
  }
  for (const Value::Member& member : value.members) {
    depth = std::max(depth, depth_of(member.value));
  }
  return depth + 1;
}

/// Builds the tree from yaml-cpp's events. A collection is open from its start to its end event.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const std::string& file, const Lines& lines, Problems& problems)
      : file_(file), lines_(lines), problems_(problems) {}

  std::optional<Value> root;

  /// Where the innermost list or map begins whose end has not come.
  std::optional<Place> innermost_open() const {
    return open_.empty() ? std::nullopt : std::optional(open_.back().value.place);
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) {
      stop(mark, "a second document begins here", "one document in a file",
           "remove the '---' or split the file");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Value value;
    value.place = place(mark);
    value.text = written_null(mark);
    if (value.text.empty() && !open_.empty() && open_.back().key) {
      value.place = open_.back().key_place;  // nothing stands there; the key does
    }
    finish(std::move(value), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    refuse_tag(mark, tag);
    Value value = Value::scalar(text, place(mark));
    value.quoted = tag == "!";
    if (value.quoted) {
      check_quotes(mark);
    }
    finish(std::move(value), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto anchored = anchors_.find(anchor);
    if (anchored == anchors_.end()) {
      stop(mark, "this alias stands inside its own anchor", "a finite tree",
           "an anchor cannot contain itself");
    }
    const Anchored& copied = anchored->second;
    aliased_ += copied.size;
    if (aliased_ > alias_budget) {
      stop(mark, fmt::format("aliases expand to more than {} values", alias_budget), {},
           "write less by alias");
    }
    if (open_.size() + copied.depth > deepest) {
      stop_too_deep(mark);
    }
    place_in_parent(copied.value);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(Value::list({}, place(mark)), mark, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(Value::map({}, place(mark)), mark, anchor);
  }
  void OnMapEnd() override {
    merge();
    close();
  }

 private:
  /// A list or map whose end has not come yet.
  struct Open {
    Value value;
    YAML::anchor_t anchor = 0;
    std::map<std::string, Place, std::less<>> keys;  // of a map: the first place of each
    std::optional<std::string> key;                  // of a map: read, its value has not come yet
    Place key_place;
    bool key_quoted = false;
    bool repeated = false;      // the key was there before: its value is dropped
    std::vector<Value> merged;  // the values of `<<`
  };

  struct Anchored {
    Value value;
    std::size_t size = 0;
    std::size_t depth = 0;
  };

  Place place(const YAML::Mark& mark) const {
    if (mark.line < 0 || mark.column < 0) {
      return {file_, 0, 0};
    }
    return lines_.place(file_, static_cast<std::size_t>(mark.line),
                        static_cast<std::size_t>(mark.column));
  }

  [[noreturn]] void stop(const YAML::Mark& mark, std::string what, std::string expected,
                         std::string hint) const {
    throw Unreadable(
        {Severity::error, place(mark), std::move(what), std::move(expected), std::move(hint)});
  }
  [[noreturn]] void stop_too_deep(const YAML::Mark& mark) const {
    stop(mark, fmt::format("nested more than {} levels deep", deepest), {}, {});
  }

  /// Plain values have the tag "?", quoted ones "!"; anything else was written by the user.
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      constexpr std::string_view standard = "tag:yaml.org,2002:";
      const std::string shown =
          tag.starts_with(standard) ? "!!" + tag.substr(standard.size()) : tag;
      problems_.push_back({Severity::error, place(mark),
                           fmt::format("the tag '{}' has no meaning here", shown),
                           "a value without a tag", "remove the tag"});
    }
  }

  /// yaml-cpp takes a quote that the end of the file closes; we do not. The mark may stand at an
  /// anchor or tag before the quote. A block of text (| or >) has no quotes.
  void check_quotes(const YAML::Mark& mark) const {
    std::size_t at =
        lines_.offset(static_cast<std::size_t>(mark.line), static_cast<std::size_t>(mark.column));
    const std::string_view text = lines_.text();
    while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
      at = std::min(text.find_first_of(" \t\r\n", at), text.size());
      at = std::min(text.find_first_not_of(" \t\r\n", at), text.size());
    }
    if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) {
      return;
    }
    const char quote = text[at];
    for (std::size_t i = at + 1; i < text.size(); ++i) {
      const bool escaped = quote == '"' ? text[i] == '\\' : text.substr(i, 2) == "''";
      if (escaped) {
        ++i;
      } else if (text[i] == quote) {
        return;
      }
    }
    throw Unreadable({Severity::error,
                      lines_.place_of_byte(file_, at),
                      fmt::format("the quote ({}) that begins here is never closed", quote),
                      {},
                      {}});
  }

  /// "null" if somebody wrote null or ~ there, "" if nothing was written.
  std::string written_null(const YAML::Mark& mark) const {
    if (mark.line < 0 || mark.column < 0) {
      return {};
    }
    const std::string_view rest = lines_.rest_of_line(static_cast<std::size_t>(mark.line),
                                                      static_cast<std::size_t>(mark.column));
    for (const std::string_view word : {"null", "Null", "NULL", "~"}) {
      const char next = rest.size() > word.size() ? rest[word.size()] : ' ';
      const bool ends = std::strchr(" \t\r,]}", next) != nullptr || (next == ':' && expects_key());
      if (rest.starts_with(word) && ends) {
        return "null";
      }
    }
    return {};
  }

  void open(Value value, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= deepest) {
      stop_too_deep(mark);
    }
    Open started;
    started.value = std::move(value);
    started.anchor = anchor;
    open_.push_back(std::move(started));
  }

  void close() {
    Open finished = std::move(open_.back());
    open_.pop_back();
    finish(std::move(finished.value), finished.anchor);
  }

  bool expects_key() const {
    return !open_.empty() && open_.back().value.is_map() && !open_.back().key;
  }

  void finish(Value value, YAML::anchor_t anchor) {
    if (anchor != 0) {
      anchors_[anchor] = {value, size_of(value), depth_of(value)};
    }
    place_in_parent(std::move(value));
  }

  void place_in_parent(Value value) {
    if (open_.empty()) {
      root = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.value.is_list()) {
      parent.value.items.push_back(std::move(value));
    } else if (!parent.key) {
      take_key(parent, value);
    } else {
      take_value(parent, std::move(value));
    }
  }

  void take_key(Open& parent, const Value& key) {
    if (!key.is_scalar()) {
      throw Unreadable({Severity::error, key.place,
                        fmt::format("{} is used as a key", summary(key)), "a name as key",
                        "put it in quotes if it is meant as text"});
    }
    parent.key = key.text;
    parent.key_place = key.place;
    parent.key_quoted = key.quoted;
    parent.repeated = false;
    if (is_merge(parent)) {
      return;
    }
    const auto [first, is_new] = parent.keys.emplace(key.text, key.place);
    if (!is_new) {
      parent.repeated = true;
      problems_.push_back({Severity::error,
                           key.place,
                           fmt::format("duplicate key '{}'", key.text),
                           {},
                           fmt::format("it was first given at line {}, column {}",
                                       first->second.line, first->second.column)});
    }
  }

  static bool is_merge(const Open& map) { return *map.key == "<<" && !map.key_quoted; }

  void take_value(Open& parent, Value value) {
    if (is_merge(parent)) {
      parent.merged.push_back(std::move(value));
    } else if (!parent.repeated) {
      parent.value.members.push_back({*parent.key, parent.key_place, std::move(value)});
    }
    parent.key.reset();
  }

  /// `<<` adds the members of a map, or of several, that the map itself does not have.
  void merge() {
    Open& map = open_.back();
    for (const Value& merged : map.merged) {
      if (merged.is_map()) {
        merge_map(map, merged);
      } else if (merged.is_list()) {
        for (const Value& item : merged.items) {
          if (item.is_map()) {
            merge_map(map, item);
          } else {
            refuse_merge(item);
          }
        }
      } else {
        refuse_merge(merged);
      }
    }
  }

  static void merge_map(Open& into, const Value& from) {
    for (const Value::Member& member : from.members) {
      if (into.keys.emplace(member.key, member.key_place).second) {
        into.value.members.push_back(member);
      }
    }
  }

  void refuse_merge(const Value& value) {
    problems_.push_back({Severity::error, value.place,
                         fmt::format("'<<' is given {}", summary(value)),
                         "a map to merge, or a list of maps", "such as <<: *defaults"});
  }

  const std::string& file_;
  const Lines& lines_;
  Problems& problems_;
  int documents_ = 0;
  std::size_t aliased_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
};

/// The number of the last line before `line` with something on it that is no comment.
std::optional<std::size_t> last_line_before(const Lines& lines, std::size_t line) {
  while (line-- > 0) {
    const std::string_view text = lines.rest_of_line(line, 0);
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && text[first] != '#') {
      return line;
    }
  }
  return std::nullopt;
}

/// Whether a line is like "duration:60s".
bool lacks_space_after_colon(std::string_view line) {
  const std::size_t colon = line.find(':');
  return line.find(": ") == std::string_view::npos && colon != std::string_view::npos &&
         colon + 1 < line.size() && line[colon + 1] != '\r';
}

/// What the parser's words mean for somebody who does not know how a parser works. `open` is where
/// the innermost list or map begins that has not ended.
void explain(Problem& problem, std::string_view words, std::size_t line, const Lines& lines,
             const std::optional<Place>& open) {
  const std::string begun =
      open && open->line > 0
          ? fmt::format(" that begins at line {}, column {}", open->line, open->column)
          : std::string();
  const std::string_view text = lines.rest_of_line(line, 0);
  const std::string_view indent = text.substr(0, text.find_first_not_of(" \t"));
  const bool in_map = words == "end of map not found";
  const std::optional<std::size_t> before = last_line_before(lines, line);
  if (indent.find('\t') != std::string_view::npos) {
    problem.hint = "indent with spaces, not tabs";
  } else if (words == "end of map flow not found") {
    problem.what =
        fmt::format("not valid YAML: the map in braces{} does not go on like this", begun);
    problem.expected = "',' and a key, or '}'";
  } else if (words == "end of sequence flow not found") {
    problem.what =
        fmt::format("not valid YAML: the list in brackets{} does not go on like this", begun);
    problem.expected = "',' and an item, or ']'";
  } else if (in_map || words == "end of sequence not found") {
    problem.what = fmt::format("not valid YAML: this does not go on with the {}{}",
                               in_map ? "map" : "list", begun);
    problem.expected = in_map ? "a key below those before it" : "'- ' below those before it";
    problem.hint = "is it indented alike?";
  } else if (words == "illegal map value" && before &&
             lacks_space_after_colon(lines.rest_of_line(*before, 0))) {
    problem.hint = fmt::format("write a space after the ':' in line {}", *before + 1);
  } else if (words == "illegal map value") {
    problem.hint = "a text that contains ': ' needs quotes";
  } else if (words == "unknown token") {
    problem.what = "not valid YAML: nothing begins with this character";
    problem.hint = "put the text in quotes";
  } else if (words == "the referenced anchor is not defined") {
    problem.what = "this alias has no anchor before it";
    problem.hint = "write & and the same name before the value that is meant";
  }
}

Problem of_parser(const YAML::Exception& error, const std::string& file, const Lines& lines,
                  const std::optional<Place>& open) {
  Problem problem{Severity::error, {file, 0, 0}, "not valid YAML: " + error.msg, {}, {}};
  if (!error.mark.is_null() && error.mark.line >= 0 && error.mark.column >= 0) {
    const auto line = static_cast<std::size_t>(error.mark.line);
    problem.place = lines.place(file, line, static_cast<std::size_t>(error.mark.column));
    explain(problem, error.msg, line, lines, open);
  }
  return problem;
}

Problem without_place(const std::string& file, std::string what, std::string hint = {}) {
  return {Severity::error, {file, 0, 0}, std::move(what), {}, std::move(hint)};
}

}  // namespace

std::optional<Value> read_yaml(std::string_view text, const std::string& file, Problems& problems) {
  if (text.size() > max_text_bytes) {
    problems.push_back(without_place(file, fmt::format("larger than {} MiB", max_text_bytes >> 20),
                                     "is this a scenario?"));
    return std::nullopt;
  }
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  const Lines lines(text);
  if (std::optional<Problem> problem = find_bad_byte(text, file, lines)) {
    problems.push_back(std::move(*problem));
    return std::nullopt;
  }
  Builder builder(file, lines, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Unreadable& unreadable) {
    problems.push_back(unreadable.problem);
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    problems.push_back(of_parser(error, file, lines, builder.innermost_open()));
    return std::nullopt;
  } catch (const std::exception& error) {
    problems.push_back(without_place(file, fmt::format("not valid YAML: {}", error.what())));
    return std::nullopt;
  }
  if (!builder.root || (builder.root->is_null() && builder.root->text.empty())) {
    problems.push_back(without_place(file, "nothing is written in it"));
    return std::nullopt;
  }
  return std::move(builder.root);
}

std::optional<Value> read_yaml_file(const std::string& path, Problems& problems,
                                    std::string* text) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    problems.push_back(without_place(path, "it is a directory, not a file"));
    return std::nullopt;
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    problems.push_back(without_place(
        path, fmt::format("cannot be opened: {}", std::strerror(errno != 0 ? errno : ENOENT))));
    return std::nullopt;
  }
  // One byte more than allowed tells a file that is too large, even a pipe of no known size.
  std::string content(max_text_bytes + 1, '\0');
  stream.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(stream.gcount()));
  if (stream.bad()) {
    problems.push_back(without_place(path, "cannot be read"));
    return std::nullopt;
  }
  std::optional<Value> value = read_yaml(content, path, problems);
  if (text != nullptr) {
    *text = std::move(content);
  }
  return value;
}

namespace {

const std::string setting_file = "--set";

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t dot = path.find('.');
    parts.push_back(path.substr(0, dot));
    if (dot == std::string_view::npos) {
      return parts;
    }
    path.remove_prefix(dot + 1);
  }
}

void set_all_places(Value& value, const Place& place) {
  value.place = place;
  for (Value& item : value.items) {
    set_all_places(item, place);
  }
  for (Value::Member& member : value.members) {
    member.key_place = place;
    set_all_places(member.value, place);
  }
}

/// Steps from a value to what one part of a path names, made if a map lacks it.
Value* step_into(Value& value, std::string_view part, std::string_view walked, Problems& problems) {
  const Place place{setting_file, 0, 0};
  const auto refuse = [&](std::string what, std::string expected) {
    problems.push_back({Severity::error, place, std::move(what), std::move(expected), {}});
    return nullptr;
  };
  const std::string subject = walked.empty() ? "the scenario" : std::string(walked);
  switch (value.kind) {
    case Value::Kind::null:
      value = Value::map({}, place);
      [[fallthrough]];
    case Value::Kind::map:
      if (Value* member = value.find(part)) {
        return member;
      }
      value.members.push_back({std::string(part), place, Value{}});
      value.members.back().value.place = place;
      return &value.members.back().value;
    case Value::Kind::list: {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
      if (error != std::errc{} || end != part.data() + part.size() || index >= value.items.size()) {
        return refuse(fmt::format("{} is a list of {}, in which there is no '{}'", subject,
                                  value.items.size(), part),
                      value.items.empty()
                          ? std::string("a path that ends here")
                          : fmt::format("an index from 0 to {}", value.items.size() - 1));
      }
      return &value.items[index];
    }
    case Value::Kind::scalar:
      break;
  }
  return refuse(fmt::format("{} is {}, in which there is no '{}'", subject, summary(value), part),
                fmt::format("a path that ends at {}", subject));
}

/// "app.replicas" may leave out the section that components and traffic are in.
std::string with_section(const Value& root, std::string_view path) {
  const std::string_view first = path.substr(0, path.find('.'));
  if (root.find(first) == nullptr) {
    for (const std::string_view section : {"components", "traffic"}) {
      const Value* named = root.find(section);
      if (named != nullptr && named->find(first) != nullptr) {
        return fmt::format("{}.{}", section, path);
      }
    }
  }
  return std::string(path);
}

}  // namespace

void apply_setting(Value& root, std::string_view path_equals_value, Problems& problems) {
  const Place place{setting_file, 0, 0};
  const std::size_t equals = path_equals_value.find('=');
  if (equals == 0 || equals == std::string_view::npos) {
    problems.push_back({Severity::error, place, fmt::format("'{}' sets nothing", path_equals_value),
                        "path=value", "such as app.replicas=6"});
    return;
  }
  const std::string path = with_section(root, path_equals_value.substr(0, equals));
  const std::string_view text = path_equals_value.substr(equals + 1);

  Value value;
  if (text.find_first_not_of(' ') != std::string_view::npos) {
    Problems of_value;
    std::optional<Value> parsed = read_yaml(text, setting_file, of_value);
    for (Problem& problem : of_value) {
      problem.what = fmt::format("the value of {}: {}", path, problem.what);
      problem.place = place;
      problems.push_back(std::move(problem));
    }
    if (!parsed) {
      return;
    }
    value = std::move(*parsed);
  }
  set_all_places(value, place);

  Value* target = &root;
  std::string walked;
  for (const std::string_view part : split_path(path)) {
    if (part.empty()) {
      problems.push_back({Severity::error,
                          place,
                          fmt::format("the path '{}' has an empty part", path),
                          "names and indices with a '.' between them",
                          {}});
      return;
    }
    target = step_into(*target, part, walked, problems);
    if (target == nullptr) {
      return;
    }
    walked += (walked.empty() ? "" : ".") + std::string(part);
  }
  *target = std::move(value);
}

}  // namespace stampede
