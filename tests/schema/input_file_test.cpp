#include "stampede/schema/input_file.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/files.hpp"

using namespace stampede;

namespace {

/// All cells of a file with the columns a and b, "a|b" for each row, then the problems.
std::vector<std::string> rows_of(const std::string& text) {
  const test::FileForTest file("table.csv", text);
  std::vector<std::string> rows;
  Problems problems;
  Reader reader(problems);
  reader.base_directory = file.directory();
  const Place place{"scenario.yaml", 3, 7};
  CsvFile csv("table.csv", place, reader);
  while (csv.next_row()) {
    rows.push_back(std::string(csv.cell(csv.column("a"))) + "|" +
                   std::string(csv.cell(csv.column("b"))));
  }
  for (const Problem& problem : problems) {
    CHECK(problem.place.line == 3);
    rows.push_back(problem.what);
  }
  CHECK(csv.is_good() == problems.empty());
  return rows;
}

using Rows = std::vector<std::string>;

}  // namespace

TEST_CASE("a table has its columns by name, without blanks around values") {
  CHECK(rows_of("b, a\n1,2\n 3 ,\t4 \r\n") == Rows{"2|1", "4|3"});
  CHECK(rows_of("a,c\n1,2\n") == Rows{"1|"});
}

TEST_CASE("comments and empty lines of a table are passed over") {
  CHECK(rows_of("# from production\n\na,b\n1,2\n\n  \n# more\n3,4") == Rows{"1|2", "3|4"});
}

TEST_CASE("a quoted value may hold commas and quotes") {
  CHECK(rows_of("a,b\n\"red, green\",\"say \"\"hi\"\"\"\n") == Rows{"red, green|say \"hi\""});
}

TEST_CASE("a row of another length ends the table with a problem") {
  CHECK(rows_of("a,b\n1,2\n3\n5,6\n") ==
        Rows{"1|2", "the file 'table.csv' is wrong: line 3 has 1 values, the first line 2"});
}

TEST_CASE("a table without a line is a problem") {
  CHECK(rows_of("") == Rows{"the file 'table.csv' is empty"});
  CHECK(rows_of("# nothing\n\n") == Rows{"the file 'table.csv' is empty"});
}
