// Types made of others: enums, optional values, lists and maps of names.

#include <fmt/format.h>

#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/schema/codec.hpp"
#include "stampede/schema/json_schema.hpp"
#include "stampede/schema/reader.hpp"
#include "stampede/schema/reference.hpp"

namespace stampede {

// ---- enums ------------------------------------------------------------------------------------

void EnumType::read(const Value& from, void* to, Reader& reader) const {
  if (!from.is_scalar()) {
    reader.mismatch(from, *this);
    return;
  }
  const std::string word = normalized_word(from.text);
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (word == normalized_word(words_[i])) {
      set(to, i);
      return;
    }
  }
  const std::string meant = closest_match(from.text, words_);
  reader.mismatch(from, *this, meant.empty() ? "" : fmt::format("did you mean '{}'?", meant));
}

Json EnumType::echo(const void* from) const { return words_[index(from)]; }
/// An editor takes the word 0 for the number that it looks like.
Json EnumType::schema(SchemaWriter&) const {
  Json words = words_;
  for (const std::string& word : words_) {
    if (!word.empty() && word.find_first_not_of("0123456789") == std::string::npos) {
      words.push_back(std::stoll(word));
    }
  }
  return {{"enum", words}};
}
std::string EnumType::text() const { return one_of(words_); }

std::string EnumType::reference_text() const {
  std::string text;
  for (const std::string& word : words_) {
    text += (text.empty() ? "`" : ", `") + word + "`";
  }
  return text;
}

// ---- optional ---------------------------------------------------------------------------------

void OptionalType::read(const Value& from, void* to, Reader& reader) const {
  if (!from.is_null()) {
    inner_.read(from, emplace(to), reader);
    return;
  }
  reset(to);
  // "retry:" with nothing below it could mean on or off; a null that was written means off.
  if (from.text.empty()) {
    reader.mismatch(from, inner_,
                    inner_.reads_maps() ? "write {} for its defaults, or null to leave it off"
                                        : "write null to leave it off");
  }
}

Json OptionalType::echo(const void* from) const {
  const void* value = get(from);
  return value == nullptr ? Json(nullptr) : inner_.echo(value);
}

Json OptionalType::brief(const void* from) const {
  const void* value = get(from);
  return value == nullptr ? Json(nullptr) : inner_.brief(value);
}

Json OptionalType::schema(SchemaWriter& writer) const {
  return {{"anyOf", Json::array({inner_.schema(writer), Json{{"type", "null"}}})}};
}

std::optional<long double> OptionalType::magnitude(const void* from) const {
  const void* value = get(from);
  return value == nullptr ? std::nullopt : inner_.magnitude(value);
}

void OptionalType::shorten(void* optional, std::int64_t divisor) const {
  if (get(optional) != nullptr) {
    inner_.shorten(const_cast<void*>(get(optional)), divisor);
  }
}

Json OptionalType::of_magnitude(long double magnitude) const {
  return inner_.of_magnitude(magnitude);
}

// ---- lists ------------------------------------------------------------------------------------

void ListType::read(const Value& from, void* to, Reader& reader) const {
  clear(to);
  if (from.is_list()) {
    for (std::size_t i = 0; i < from.items.size(); ++i) {
      const Reader::Step step(reader, std::to_string(i));
      element_.read(from.items[i], append(to), reader);
    }
  } else if (one_will_do_ && !from.is_null()) {
    element_.read(from, append(to), reader);
  } else {
    reader.mismatch(from, *this,
                    from.is_scalar()                         ? fmt::format("write [{}]", from.text)
                    : from.is_map() && !from.members.empty() ? "begin each item with '- '"
                                                             : "");
  }
}

Json ListType::echo(const void* from) const {
  Json json = Json::array();
  for (std::size_t i = 0; i < size(from); ++i) {
    json.push_back(element_.echo(at(from, i)));
  }
  return json;
}

Json ListType::brief(const void* from) const {
  Json json = Json::array();
  for (std::size_t i = 0; i < size(from); ++i) {
    json.push_back(element_.brief(at(from, i)));
  }
  return one_will_do_ && json.size() == 1 ? json[0] : json;
}

Json ListType::schema(SchemaWriter& writer) const {
  const Json element = element_.schema(writer);
  Json list{{"type", "array"}, {"items", element}};
  return one_will_do_ ? Json{{"anyOf", Json::array({element, list})}} : list;
}

std::string ListType::text() const {
  return (one_will_do_ ? element_.text() + " or a list, each item " : "a list, each item ") +
         element_.text();
}

std::string ListType::reference_text() const {
  return one_will_do_ ? element_.reference_text() + ", or a list of them"
                      : "list of: " + element_.reference_text();
}

std::optional<long double> ListType::magnitude(const void* from) const {
  return static_cast<long double>(size(from));
}

// ---- maps of names ----------------------------------------------------------------------------

void NamedType::read(const Value& from, void* to, Reader& reader) const {
  clear(to);
  if (from.is_null()) {
    return;
  }
  if (!from.is_map()) {
    reader.mismatch(from, *this);
    return;
  }
  for (const Value::Member& member : from.members) {
    if (!is_valid_name(member.key)) {
      const std::string better = normalized_word(member.key);
      reader.error(member.key_place,
                   fmt::format("'{}'{} is not a name", member.key, reader.in_path()),
                   "a lower-case letter, then letters, digits, '_' or '-'",
                   is_valid_name(better) ? fmt::format("write '{}'", better) : std::string());
    }
    const Reader::Step step(reader, member.key);
    element_.read(member.value, append(to, member.key, member.key_place), reader);
  }
}

Value NamedType::overlaid(const Value& base, const Value& own) const {
  if (!base.is_map() || !own.is_map()) {
    return own;
  }
  Value merged = own;
  for (const Value::Member& below : base.members) {
    Value* above = merged.find(below.key);
    if (above == nullptr) {
      merged.members.push_back(below);
    } else {
      *above = element_.overlaid(below.value, *above);
    }
  }
  return merged;
}

Value NamedType::inherited(const Value& around, const Value& own) const {
  Value merged = own;
  for (Value::Member& member : merged.members) {
    const bool says_nothing = member.value.is_null();
    member.value =
        element_.overlaid(around, says_nothing ? Value::map({}, member.value.place) : member.value);
  }
  return merged;
}

Json NamedType::echo(const void* from) const {
  Json json = Json::object();
  for (std::size_t i = 0; i < size(from); ++i) {
    json[name(from, i)] = element_.echo(at(from, i));
  }
  return json;
}

Json NamedType::schema(SchemaWriter& writer) const {
  return {{"type", Json::array({"object", "null"})},
          {"propertyNames", {{"pattern", "^[a-z][a-z0-9_-]*$"}}},
          {"additionalProperties", element_.schema(writer)}};
}

std::string NamedType::text() const { return "a map from names, each to " + element_.text(); }
std::string NamedType::reference_text() const {
  return "map from names, each to: " + element_.reference_text();
}

void NamedType::document(ReferenceWriter& writer) const { writer.nested("<name>", element_); }

std::optional<long double> NamedType::magnitude(const void* from) const {
  return static_cast<long double>(size(from));
}

}  // namespace stampede
