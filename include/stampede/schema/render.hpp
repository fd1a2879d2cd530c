#pragma once

#include <functional>
#include <string>

#include "stampede/base/problem.hpp"

namespace stampede {

/// Problems in the order of the text: by file, line and column; those of one place keep theirs.
void sort_by_place(Problems& problems);

/// "file:line:column: error: what; expected …; hint" on one line.
std::string headline(const Problem& problem);

/// The headline wrapped at 80 columns, then the line of `source_text` (the file of the problem)
/// with a caret under the column. A long line is shown around its caret. Ends with a line feed.
std::string render(const Problem& problem, const std::string& source_text);

/// All of them, sorted by place; `source_of` gives the text of a file, or empty if there is none.
std::string render(const Problems& problems,
                   const std::function<std::string(const std::string& file)>& source_of);

}  // namespace stampede
