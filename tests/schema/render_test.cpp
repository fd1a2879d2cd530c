#include "stampede/schema/render.hpp"

#include <catch2/catch.hpp>

using namespace stampede;

TEST_CASE("a problem is shown with its place, the way out, its line and a caret") {
  const Problem problem{Severity::error,
                        {"shop.yaml", 2, 3},
                        "unknown key 'replica' in app",
                        "one of replicas, cpu",
                        "did you mean 'replicas'?"};
  CHECK(headline(problem) ==
        "shop.yaml:2:3: error: unknown key 'replica' in app; expected one of replicas, cpu; did "
        "you mean 'replicas'?");
  CHECK(render(problem, "app:\n  replica: 3\n") ==
        "shop.yaml:2:3: error: unknown key 'replica' in app; expected one of replicas,\n"
        "    cpu; did you mean 'replicas'?\n"
        "    2 |   replica: 3\n"
        "      |   ^\n");
}

TEST_CASE("a problem without a line is shown without source") {
  CHECK(render(Problem{Severity::warning, {"--set", 0, 0}, "odd", "", ""}, "text") ==
        "--set: warning: odd\n");
  CHECK(render(Problem{Severity::error, {}, "odd", "", ""}, "") == "error: odd\n");
}

TEST_CASE("the caret counts characters, not bytes, and tabs as one") {
  CHECK(render(Problem{Severity::error, {"a", 1, 6}, "x", "", ""}, "äö\t: 1") ==
        "a:1:6: error: x\n"
        "    1 | äö : 1\n"
        "      |      ^\n");
}

TEST_CASE("a long line is shown around its caret and fits the page") {
  const std::string line = std::string(300, 'a') + "B" + std::string(300, 'c');
  const std::string text = render(Problem{Severity::error, {"a", 1, 301}, "x", "", ""}, line);
  const std::size_t first = text.find('\n') + 1;
  const std::size_t second = text.find('\n', first) + 1;
  const std::string shown = text.substr(first, second - first - 1);
  const std::string under = text.substr(second, text.find('\n', second) - second);
  CHECK(shown.size() == 80);
  CHECK(shown.substr(8, 4) == "...a");
  CHECK(shown.ends_with("c..."));
  CHECK(shown[under.find('^')] == 'B');
}

TEST_CASE("a place outside of the source does no harm") {
  CHECK(render(Problem{Severity::error, {"a", 9, 9}, "x", "", ""}, "one line") ==
        "a:9:9: error: x\n    9 |\n      |         ^\n");
}

TEST_CASE("problems are told in the order of the text") {
  const Problems problems{{Severity::error, {"b", 1, 1}, "third", "", ""},
                          {Severity::error, {"a", 2, 5}, "second", "", ""},
                          {Severity::error, {"a", 2, 1}, "first", "", ""}};
  const std::string text = render(problems, [](const std::string&) { return std::string(); });
  CHECK(text == "a:2:1: error: first\na:2:5: error: second\nb:1:1: error: third\n");
}
