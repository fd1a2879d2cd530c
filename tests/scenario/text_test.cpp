#include "stampede/scenario/text.hpp"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>

#include "stampede/schema/render.hpp"
#include "stampede/schema/schema.hpp"

using namespace stampede;

namespace {

Value read_well(const std::string& yaml) {
  Problems problems;
  std::optional<Value> value = read_yaml(yaml, "a.yaml", problems);
  for (const Problem& problem : problems) {
    UNSCOPED_INFO(headline(problem));
  }
  CHECK(problems.empty());
  REQUIRE(value);
  return *value;
}

std::vector<std::string> complaints(const std::string& yaml) {
  Problems problems;
  const std::optional<Value> value = read_yaml(yaml, "a.yaml", problems);
  CHECK((value || has_errors(problems)));
  std::vector<std::string> lines;
  for (const Problem& problem : problems) {
    lines.push_back(headline(problem));
  }
  return lines;
}

using Lines = std::vector<std::string>;

/// "{a: 5s, b: [1, null]}": the tree as flow YAML, to compare with.
std::string flow(const Value& value) {
  std::string text;
  switch (value.kind) {
    case Value::Kind::null:
      return value.text.empty() ? "" : "null";
    case Value::Kind::scalar:
      return value.quoted ? '"' + value.text + '"' : value.text;
    case Value::Kind::list:
      for (const Value& item : value.items) {
        text += (text.empty() ? "" : ", ") + flow(item);
      }
      return "[" + text + "]";
    case Value::Kind::map:
      for (const Value::Member& member : value.members) {
        text += (text.empty() ? "" : ", ") + member.key + ": " + flow(member.value);
      }
      return "{" + text + "}";
  }
  return text;
}

std::string place(const Place& place) {
  return std::to_string(place.line) + ":" + std::to_string(place.column);
}

std::string after_setting(const std::string& yaml, const std::string& setting) {
  Value root = read_well(yaml);
  Problems problems;
  apply_setting(root, setting, problems);
  return problems.empty() ? flow(root) : headline(problems[0]);
}

}  // namespace

TEST_CASE("YAML becomes a tree in the order of the text") {
  const Value root = read_well(
      "# a comment\n"
      "b: 5s   # with a comment\n"
      "a: {x: [1, 010, 'q', \"r\"], y: null, z: ~}\n"
      "list:\n"
      "- one\n"
      "- two: 2\n"
      "text: |\n"
      "  block\n"
      "empty:\n");
  CHECK(flow(root) ==
        "{b: 5s, a: {x: [1, 010, \"q\", \"r\"], y: null, z: null}, "
        "list: [one, {two: 2}], text: \"block\n\", empty: }");
}

TEST_CASE("every value and key knows its line and column, counted in characters from 1") {
  const Value root = read_well("a: 5s\nb:\n  öl: {ü: 1, v: 2}\n\xc3\xa4: x\n");
  CHECK(place(root.place) == "1:1");
  CHECK(place(root.find("a")->place) == "1:4");
  CHECK(place(root.members[1].key_place) == "2:1");
  const Value& inner = root.find("b")->members[0].value;
  CHECK(place(inner.place) == "3:7");
  CHECK(place(inner.members[1].key_place) == "3:14");
  CHECK(place(inner.members[1].value.place) == "3:17");
  CHECK(place(root.members[2].value.place) == "4:4");
  CHECK(root.place.file == "a.yaml");
}

TEST_CASE("a key without a value is empty, at the place of the key") {
  const Value root = read_well("a:\nb: null\n");
  CHECK(root.find("a")->is_null());
  CHECK(root.find("a")->text.empty());
  CHECK(place(root.find("a")->place) == "1:1");
  CHECK(root.find("b")->text == "null");
}

TEST_CASE("carriage returns and a byte order mark are no matter") {
  const Value root = read_well(
      "\xef\xbb\xbf"
      "a: 1\r\nb: 2\r\n");
  CHECK(flow(root) == "{a: 1, b: 2}");
  CHECK(place(root.members[1].key_place) == "2:1");
}

TEST_CASE("a key that is given twice is an error that names the first place") {
  CHECK(complaints("a: 1\nb: {c: 1, c: 2}\na: 3\n") ==
        Lines{"a.yaml:2:11: error: duplicate key 'c'; it was first given at line 2, column 5",
              "a.yaml:3:1: error: duplicate key 'a'; it was first given at line 1, column 1"});
}

TEST_CASE("aliases stand for what they name") {
  const Value root = read_well("a: &x {p: 1}\nb: *x\nc: [*x, *x]\nd: &s text\n*s : 2\n");
  CHECK(flow(root) == "{a: {p: 1}, b: {p: 1}, c: [{p: 1}, {p: 1}], d: text, text: 2}");
}

TEST_CASE("a merge key adds what the map does not have") {
  CHECK(flow(read_well("a: &a {p: 1, q: 2}\nb: {<<: *a, q: 3}\n")) ==
        "{a: {p: 1, q: 2}, b: {q: 3, p: 1}}");
  CHECK(flow(read_well("b: {<<: [{p: 1}, {p: 2, r: 3}], q: 4}\n")) == "{b: {q: 4, p: 1, r: 3}}");
  CHECK(flow(read_well("b: {'<<': 1}\n")) == "{b: {<<: 1}}");
  CHECK(complaints("b: {<<: 5}\n") ==
        Lines{"a.yaml:1:9: error: '<<' is given '5'; expected a map to merge, or a list of maps; "
              "such as <<: *defaults"});
}

TEST_CASE("an anchor that contains itself is an error, not a hang") {
  CHECK(complaints("a: &a [1, *a]\n") ==
        Lines{"a.yaml:1:11: error: this alias stands inside its own anchor; expected a finite "
              "tree; an anchor cannot contain itself"});
  CHECK(complaints("&a {<<: *a}\n").size() == 1);
}

TEST_CASE("a bomb of aliases is an error, not a hang") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 1; k < 10; ++k) {
      bomb += ", " + before;
    }
    bomb += "]\n";
  }
  const Lines lines = complaints(bomb);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] ==
        "a.yaml:5:45: error: aliases expand to more than 100000 values; write less by "
        "alias");
}

TEST_CASE("nesting too deep is an error") {
  CHECK(complaints("a: " + std::string(1000, '[') + std::string(1000, ']'))[0] ==
        "a.yaml:1:67: error: nested more than 64 levels deep");
  std::string block;
  for (int i = 0; i < 100; ++i) {
    block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  }
  CHECK(complaints(block)[0] == "a.yaml:65:65: error: nested more than 64 levels deep");
  std::string aliases = "a0: &a0 [[[[[[x]]]]]]\n";
  for (int i = 1; i < 15; ++i) {
    const std::string n = std::to_string(i);
    aliases += "a" + n + ": &a" + n + " [[[[[[*a" + std::to_string(i - 1) + "]]]]]]\n";
  }
  CHECK(complaints(aliases)[0] == "a.yaml:11:17: error: nested more than 64 levels deep");
}

TEST_CASE("a file of bombs of text is refused by its size") {
  CHECK(complaints(std::string(max_text_bytes + 1, ' ')) ==
        Lines{"a.yaml: error: larger than 4 MiB; is this a scenario?"});
}

TEST_CASE("what is no text is refused at its place") {
  CHECK(complaints(std::string("a: 1\nb: \0", 9)) ==
        Lines{"a.yaml:2:4: error: a NUL byte; expected text in UTF-8; is this a text file?"});
  CHECK(complaints("a: \x1b[0m") == Lines{"a.yaml:1:4: error: a control character (0x1b); expected "
                                          "text in UTF-8; is this a text file?"});
  CHECK(complaints("a: \xff\xfe") == Lines{"a.yaml:1:4: error: a byte that is not UTF-8 (0xff); "
                                           "expected text in UTF-8; save the file as UTF-8"});
  CHECK(complaints("a: \xed\xa0\x80").size() == 1);  // a surrogate
  CHECK(complaints("a: \xc0\x80").size() == 1);      // an overlong form
}

TEST_CASE("what YAML has and scenarios do not is an error") {
  CHECK(complaints("") == Lines{"a.yaml: error: nothing is written in it"});
  CHECK(complaints("# only a comment\n") == Lines{"a.yaml: error: nothing is written in it"});
  CHECK(complaints("---\n") == Lines{"a.yaml: error: nothing is written in it"});
  CHECK(complaints("a: 1\n---\nb: 2\n") ==
        Lines{"a.yaml:2:1: error: a second document begins here; expected one document in a file; "
              "remove the '---' or split the file"});
  CHECK(complaints("? [a]\n: 1\n") ==
        Lines{"a.yaml:1:3: error: a list is used as a key; expected a name as key; put it in "
              "quotes if it is meant as text"});
  CHECK(complaints("~: 1\n") == Lines{"a.yaml:1:1: error: null is used as a key; expected a name "
                                      "as key; put it in quotes if it is meant as text"});
  CHECK(complaints("a: !!binary x\nb: !mine {c: 1}\n") ==
        Lines{"a.yaml:1:4: error: the tag '!!binary' has no meaning here; expected a value without "
              "a tag; remove the tag",
              "a.yaml:2:4: error: the tag '!mine' has no meaning here; expected a value without a "
              "tag; remove the tag"});
}

TEST_CASE("what is not YAML is told with its place") {
  CHECK(complaints("a: b: c\n") == Lines{"a.yaml:1:5: error: not valid YAML: illegal map value; a "
                                         "text that contains ': ' needs quotes"});
  CHECK(
      complaints("a:\n\tb: 1\n") ==
      Lines{"a.yaml:2:3: error: not valid YAML: illegal map value; indent with spaces, not tabs"});
  CHECK(complaints("a: *nobody\n") ==
        Lines{"a.yaml:1:4: error: this alias has no anchor before it; write & and the same name "
              "before the value that is meant"});
  CHECK(complaints("a: [1, 2\n").size() == 1);
  CHECK(complaints("[1, 2\n").size() == 1);
  CHECK(complaints("b: 1\na: \"x\n  y\n") ==
        Lines{"a.yaml:2:4: error: the quote (\") that begins here is never closed"});
  CHECK(complaints("a: &b 'it''s\n") ==
        Lines{"a.yaml:1:7: error: the quote (') that begins here is never closed"});
  CHECK(complaints("a: \"x\\\"\n").size() == 1);
  CHECK(complaints("%YAML 9.0\n---\na: 1\n").size() == 1);
}

TEST_CASE("problems before a break in the YAML are told too") {
  const Lines lines = complaints("a: 1\na: 2\nb: [\n");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "a.yaml:2:1: error: duplicate key 'a'; it was first given at line 1, column 1");
}

TEST_CASE("no bytes whatever upset the reader") {
  const auto survives = [](const std::string& text) {
    Problems problems;
    const std::optional<Value> value = read_yaml(text, "a.yaml", problems);
    RC_ASSERT(value || has_errors(problems));
    if (value) {
      Value root = *value;
      apply_setting(root, text, problems);
    }
    for (const Problem& problem : problems) {
      RC_ASSERT(!render(problem, text).empty());
    }
  };
  CHECK(rc::check("bytes", [&](const std::string& text) { survives(text); }));
  CHECK(rc::check("pieces of YAML", [&] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "a", ": ", "\n", "  ", "- ", "[", "]", "{", "}", ", ", "&a ", "*a", "<<", "? ", "| ", "> ",
        "'", "\"", "#", "!!str ", "!x ", "%TAG ", "---", "...", "\t", "null", "~", "\\", "\xc3\xa4",
        "5s", "\r\n", "&", "*", "!", "@", "`"));
    std::string text;
    for (const std::string& piece : pieces) {
      text += piece;
    }
    survives(text);
  }));
}

TEST_CASE("a file is read, and one that cannot be is told") {
  const auto path = std::filesystem::temp_directory_path() / "stampede_text_test.yaml";
  std::ofstream(path) << "a: 1\n";
  Problems problems;
  std::string text;
  const std::optional<Value> value = read_yaml_file(path.string(), problems, &text);
  REQUIRE(value);
  CHECK(text == "a: 1\n");
  CHECK(value->place.file == path.string());
  std::filesystem::remove(path);
  CHECK_FALSE(read_yaml_file("no/such/file.yaml", problems));
  CHECK_FALSE(read_yaml_file(".", problems));
  REQUIRE(problems.size() == 2);
  CHECK(headline(problems[0]) ==
        "no/such/file.yaml: error: cannot be opened: No such file or directory");
  CHECK(headline(problems[1]) == ".: error: it is a directory, not a file");
}

TEST_CASE("a --set replaces and adds values anywhere in the tree") {
  const std::string yaml =
      "run: {duration: 1m}\n"
      "traffic: {shoppers: {rate: 5/s}}\n"
      "components: {app: {replicas: 1, steps: [{compute: 1ms}, {call: db}]}}\n";
  CHECK(after_setting("{run: {duration: 1m}}", "run.duration=5m") == "{run: {duration: 5m}}");
  CHECK(after_setting("{run: {duration: 1m}}", "run.seed=7") == "{run: {duration: 1m, seed: 7}}");
  CHECK(after_setting("{a: 1}", "run.warmup.length=5s") == "{a: 1, run: {warmup: {length: 5s}}}");
  CHECK(after_setting("{a: 1}", "a=") == "{a: }");
  CHECK(after_setting("{a: 1}", "a={x: [1, \"2\"]}") == "{a: {x: [1, \"2\"]}}");
  CHECK(after_setting("{a: 1}", "a=b=c") == "{a: b=c}");
  CHECK(after_setting(yaml, "app.replicas=6").find("{app: {replicas: 6, ") != std::string::npos);
  CHECK(after_setting(yaml, "components.app.replicas=6").find("{app: {replicas: 6, ") !=
        std::string::npos);
  CHECK(after_setting(yaml, "app.steps.0.compute=6ms").find("[{compute: 6ms}, {call: db}]") !=
        std::string::npos);
  CHECK(after_setting(yaml, "shoppers.rate=9/s").find("{shoppers: {rate: 9/s}}") !=
        std::string::npos);
}

TEST_CASE("a --set that leads nowhere is an error") {
  CHECK(after_setting("{a: 1}", "a.b=2") ==
        "--set: error: a is '1', in which there is no 'b'; expected a path that ends at a");
  CHECK(after_setting("{a: [1, 2]}", "a.2=5") ==
        "--set: error: a is a list of 2, in which there is no '2'; expected an index from 0 to 1");
  CHECK(after_setting("{a: [1, 2]}", "a.x=5") ==
        "--set: error: a is a list of 2, in which there is no 'x'; expected an index from 0 to 1");
  CHECK(after_setting("{a: []}", "a.0=5") ==
        "--set: error: a is a list of 0, in which there is no '0'; expected a path that ends here");
  CHECK(after_setting("{a: 1}", "a") ==
        "--set: error: 'a' sets nothing; expected path=value; such as app.replicas=6");
  CHECK(after_setting("{a: 1}", "=5") ==
        "--set: error: '=5' sets nothing; expected path=value; such as app.replicas=6");
  CHECK(after_setting("{a: 1}", "a..b=5") ==
        "--set: error: the path 'a..b' has an empty part; expected names and indices with a '.' "
        "between them");
  CHECK(after_setting("{a: 1}", "a=[1") ==
        "--set: error: the value of a: not valid YAML: the list in brackets that begins at line 1, "
        "column 1 does not go on like this; expected ',' and an item, or ']'");
}
