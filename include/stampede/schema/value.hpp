#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stampede/base/problem.hpp"

namespace stampede {

/// Text as a tree, before anybody has given it a meaning: what the scenario layer makes of YAML and
/// the Reader turns into settings. Scalars stay text, so that "010" or "5s" is judged by the type
/// that it is read as.
struct Value {
  enum class Kind { null, scalar, list, map };
  struct Member;

  Kind kind = Kind::null;
  /// A scalar's text; for null "null" when it was written out and "" when nothing was written.
  std::string text;
  bool quoted = false;  ///< a scalar in quotes (or a block of text): never a number, bool or null
  std::vector<Value> items;     ///< of a list
  std::vector<Member> members;  ///< of a map, in the order of the text
  Place place;

  static Value scalar(std::string text, Place place = {});
  static Value list(std::vector<Value> items, Place place = {});
  static Value map(std::vector<Member> members, Place place = {});

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }

  /// The member of that name, or nullptr.
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
};

/// `key: value` of a map, with the place of the key.
struct Value::Member {
  std::string key;
  Place key_place;
  Value value;
};

/// How a value is named in a message: "'12'", "empty", "null", "a list", "a map".
std::string summary(const Value& value);

}  // namespace stampede
