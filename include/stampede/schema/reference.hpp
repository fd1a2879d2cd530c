#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stampede/schema/codec.hpp"
#include "stampede/schema/registry.hpp"

namespace stampede {

/// Writes reference pages in Markdown: a heading and a table of keys for every struct.
class ReferenceWriter {
 public:
  /// A section for a struct: `title` as heading, `text` below it, the table, then what is nested.
  void section(const StructType& type, std::string_view title, std::string_view text);
  /// The table of keys of a struct, and after it the sections of what is nested in its fields.
  void table(const StructType& type);

  const std::string& markdown() const { return markdown_; }

  /// Goes into a key while documenting what is nested in it.
  void nested(std::string_view key, const Type& type);

  void write(std::string_view text) { markdown_ += text; }

 private:
  std::string markdown_;
  std::string path_;
  std::vector<const StructType*> open_;  // the structs being documented, to stop at recursion
  std::vector<std::pair<const StructType*, std::string>>
      documented_;  // nested ones and their paths
};

/// The page of a struct that is a document of its own or a section of one.
std::string reference_page(const Type& type, std::string_view title, std::string_view text);
template <class T>
std::string reference_page(std::string_view title, std::string_view text) {
  return reference_page(type_of<T>(), title, text);
}

/// The page of a registry: every kind with its settings.
std::string reference_page(const AnyRegistry& registry);
/// The section of one kind alone, for `stampede list --describe`.
std::string reference_section(const Kind& kind);

}  // namespace stampede
