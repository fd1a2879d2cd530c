#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stampede/base/json_fwd.hpp"
#include "stampede/base/require.hpp"
#include "stampede/schema/value.hpp"

namespace stampede {

class Reader;
class ReferenceWriter;
class SchemaWriter;

/// How values of one C++ type are read, echoed and described. There is one object for each type,
/// `type_of<T>()`; values pass as pointers, so that the work is compiled once and not per struct.
class Type {
 public:
  virtual ~Type() = default;

  /// Reads `from` into `to`, or tells the reader every problem and leaves `to` usable.
  virtual void read(const Value& from, void* to, Reader& reader) const = 0;
  /// The effective value in JSON, units as text; reading it back gives the same value.
  virtual Json echo(const void* from) const = 0;
  /// Like echo, but as short as a person would write it: the default column of the reference.
  virtual Json brief(const void* from) const;
  /// The JSON Schema (draft-07) of the texts that `read` accepts.
  virtual Json schema(SchemaWriter& writer) const = 0;
  /// What is expected, in words: "a duration". Limits are added after it.
  virtual std::string text() const = 0;
  /// A text that would do: "5ms". May be empty.
  virtual std::string example() const { return {}; }
  /// The name in the reference's type column, in Markdown: "duration".
  virtual std::string reference_text() const;
  /// Documents what is nested inside the type, below the table that mentions it.
  virtual void document(ReferenceWriter&) const {}

  /// Whether a map can be meant as a value of this type.
  virtual bool reads_maps() const { return true; }
  /// The number that limits compare with (ns, bytes, per second, a length); none if absent.
  virtual std::optional<long double> magnitude(const void*) const { return std::nullopt; }
  /// The JSON of the value with that magnitude, for messages and schemas about limits.
  virtual Json of_magnitude(long double magnitude) const;
  /// Divides a time of the run (see `of_run`), which stays longer than zero if it was.
  virtual void shorten(void*, std::int64_t) const {
    fail("only times of the run can be shortened");
  }
  /// What `own` means where it stands over `base`, both as they are written: of structs and maps of
  /// names the members of both, key by key; of everything else `own` alone.
  virtual Value overlaid(const Value& base, const Value& own) const {
    static_cast<void>(base);
    return own;
  }
  /// A map of names whose values stand over the struct that it is in (see `inherits`).
  virtual Value inherited(const Value& around, const Value& own) const {
    static_cast<void>(around);
    return own;
  }
  /// A limit that holds when the field sets none of its own; a share is at most 100 %.
  virtual std::optional<long double> natural_maximum() const { return std::nullopt; }
};

/// The only `Type` of T.
template <class T>
const Type& type_of();

}  // namespace stampede
