#include "stampede/schema/value.hpp"

#include <utility>

namespace stampede {

Value Value::scalar(std::string text, Place place) {
  Value value;
  value.kind = Kind::scalar;
  value.text = std::move(text);
  value.place = std::move(place);
  return value;
}

Value Value::list(std::vector<Value> items, Place place) {
  Value value;
  value.kind = Kind::list;
  value.items = std::move(items);
  value.place = std::move(place);
  return value;
}

Value Value::map(std::vector<Member> members, Place place) {
  Value value;
  value.kind = Kind::map;
  value.members = std::move(members);
  value.place = std::move(place);
  return value;
}

const Value* Value::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) {
      return &member.value;
    }
  }
  return nullptr;
}

Value* Value::find(std::string_view key) {
  return const_cast<Value*>(std::as_const(*this).find(key));
}

std::string summary(const Value& value) {
  constexpr std::size_t longest = 60;
  switch (value.kind) {
    case Value::Kind::null:
      return value.text.empty() ? "empty" : "null";
    case Value::Kind::list:
      return value.items.empty() ? "an empty list" : "a list";
    case Value::Kind::map:
      return value.members.empty() ? "an empty map" : "a map";
    case Value::Kind::scalar:
      break;
  }
  std::string shown;
  for (const char c : value.text) {
    if (shown.size() >= longest && (static_cast<unsigned char>(c) & 0xc0U) != 0x80) {
      shown += "...";
      break;
    }
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  const char quote = value.quoted ? '"' : '\'';
  return quote + shown + quote;
}

}  // namespace stampede
