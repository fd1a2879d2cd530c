// Structs with a describe(): a Visitor for each thing that is done with the description.

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "limits.hpp"
#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/schema/codec.hpp"
#include "stampede/schema/json_schema.hpp"
#include "stampede/schema/reader.hpp"
#include "stampede/schema/reference.hpp"
#include "struct_schema.hpp"

namespace stampede {
namespace {

/// Collects the keys.
class OutlineVisitor final : public Visitor {
 public:
  explicit OutlineVisitor(StructType::Outline& outline) : outline_(outline) {}

  void shorthand(std::string_view field) override { outline_.shorthand = field; }

  void resolve_shorthand() {
    for (const StructType::Outline::Key& key : outline_.keys) {
      if (key.name == outline_.shorthand) {
        outline_.shorthand_type = key.type;
      }
    }
    require(outline_.shorthand.empty() || outline_.shorthand_type != nullptr,
            "a shorthand names no field of its struct");
  }

 protected:
  void visit(const Field& field) override {
    require(!outline_.knows(field.name), "a struct has two fields of one name");
    StructType::Outline::Key key{std::string(field.name), {}, &field.type};
    for (const Limit& limit : field.limits) {
      if (limit.kind == Limit::Kind::alias) {
        key.aliases.emplace_back(limit.alias);
      }
    }
    outline_.keys.push_back(std::move(key));
  }

 private:
  StructType::Outline& outline_;
};

/// Reads the members of a map into the fields, then complains about what is left over.
class ReadVisitor final : public Visitor {
 public:
  ReadVisitor(const Value& map, Reader& reader, std::string_view kind, std::string_view unnamed)
      : map_(map),
        reader_(reader),
        kind_(kind),
        unnamed_(unnamed),
        used_(map.members.size(), false),
        errors_before_(reader.errors()) {}

  void check(bool holds, std::string_view field, std::string_view what,
             std::string_view hint) override {
    if (!holds && reader_.errors() == errors_before_) {
      failed_checks_.push_back({Severity::error, field, what, hint});
    }
  }
  void doubt_unless(bool holds, std::string_view field, std::string_view what,
                    std::string_view hint) override {
    if (!holds && reader_.errors() == errors_before_) {
      failed_checks_.push_back({Severity::warning, field, what, hint});
    }
  }

  void declare(const std::any& fact) override {
    if (reader_.errors() == errors_before_) {
      reader_.declare(fact, map_.place);
    }
  }

  void finish() {
    complain_about_unknown_keys();
    complain_about_missing_fields();
    tell_failed_checks();
  }

 protected:
  void visit(const Field& field) override {
    names_.emplace_back(field.name);
    read(field);
    if (field.is_of_run() && reader_.run_divisor > 1) {
      field.type.shorten(field.value, reader_.run_divisor);
    }
  }

 private:
  void tell_failed_checks() {
    if (reader_.errors() != errors_before_) {
      return;  // what follows from a mistake is not worth telling
    }
    for (const Check& check : std::exchange(failed_checks_, {})) {
      tell(check);
    }
  }

  void read(const Field& field) {
    const Value::Member* member = take(field);
    if (member == nullptr) {
      if (field.is_required()) {
        missing_.push_back({std::string(field.name), field.type.text()});
      }
      return;
    }
    if (field.inherits()) {
      tell_failed_checks();                      // before whoever inherits them repeats them
      if (reader_.errors() == errors_before_) {  // a mistake is told once, where it was made
        const Reader::Step step(reader_, field.name);
        const Reader::Inheriting again(reader_);
        read(field, field.type.inherited(map_, member->value));
      }
    } else if (field.name == unnamed_) {
      read(field, member->value);
    } else {
      const Reader::Step step(reader_, field.name);
      read(field, member->value);
    }
  }

  struct Check {
    Severity severity;
    std::string_view field;
    std::string_view what;
    std::string_view hint;
  };
  struct Missing {
    std::string name;
    std::string text;
  };

  /// The member that gives the field; a second one is an error.
  const Value::Member* take(const Field& field) {
    const Value::Member* found = nullptr;
    for (std::size_t i = 0; i < map_.members.size(); ++i) {
      const Value::Member& member = map_.members[i];
      if (!field.is_called(member.key)) {
        continue;
      }
      used_[i] = true;
      if (found == nullptr) {
        found = &member;
      } else {
        reader_.error(member.key_place,
                      fmt::format("'{}'{} is given twice, here as '{}'", found->key,
                                  reader_.in_path(), member.key),
                      {}, "keep one of them");
      }
    }
    return found;
  }

  void read(const Field& field, const Value& value) {
    const Reader::Expecting expecting(reader_, after_type(field));
    const std::size_t before = reader_.errors();
    field.type.read(value, field.value, reader_);
    if (reader_.errors() != before) {
      return;
    }
    const std::optional<long double> magnitude = field.type.magnitude(field.value);
    if (magnitude && !within_limits(field, *magnitude)) {
      reader_.mismatch(value, field.type);
    }
  }

  void complain_about_unknown_keys() {
    for (std::size_t i = 0; i < used_.size(); ++i) {
      if (used_[i]) {
        continue;
      }
      const Value::Member& member = map_.members[i];
      const std::string meant = closest_match(member.key, names_);
      std::string what = fmt::format("unknown key '{}'{}", member.key, reader_.in_path());
      if (!kind_.empty()) {
        what += fmt::format(" ({})", kind_);
      }
      reader_.error(member.key_place, std::move(what),
                    names_.empty() ? "no key at all" : one_of(names_, member.key),
                    meant.empty() ? "" : fmt::format("did you mean '{}'?", meant));
      meant_.push_back(meant);
    }
  }

  void complain_about_missing_fields() {
    for (const Missing& missing : missing_) {
      // "unknown key 'targt'; did you mean 'target'?" has said it already.
      if (std::find(meant_.begin(), meant_.end(), missing.name) != meant_.end()) {
        continue;
      }
      const std::string& path = reader_.path();
      reader_.error(
          map_.place,
          fmt::format("{} lacks '{}'", path.empty() ? "the document" : path, missing.name),
          missing.text);
    }
  }

  void tell(const Check& check) {
    const Place* place = &map_.place;
    for (const Value::Member& member : map_.members) {
      if (member.key == check.field) {
        place = member.value.place.line > 0 ? &member.value.place : &member.key_place;
      }
    }
    std::string what = fmt::format(
        "{} {}", check.field == unnamed_ ? reader_.path() : reader_.path_of(check.field),
        check.what);
    if (check.severity == Severity::error) {
      reader_.error(*place, std::move(what), {}, std::string(check.hint));
    } else {
      reader_.warning(*place, std::move(what), {}, std::string(check.hint));
    }
  }

  const Value& map_;
  Reader& reader_;
  std::string_view kind_;
  std::string_view unnamed_;
  std::vector<bool> used_;
  std::size_t errors_before_;
  std::vector<std::string> names_;
  std::vector<Missing> missing_;
  std::vector<std::string> meant_;
  std::vector<Check> failed_checks_;
};

class EchoVisitor final : public Visitor {
 public:
  Json json = Json::object();

 protected:
  void visit(const Field& field) override {
    Json value = field.type.echo(field.value);
    // A name or choice that nobody gave has no text; null is one only where it means "off".
    if (!value.is_null() || dynamic_cast<const OptionalType*>(&field.type) != nullptr) {
      json[std::string(field.name)] = std::move(value);
    }
  }
};

/// The properties of a JSON Schema.
class SchemaVisitor final : public Visitor {
 public:
  explicit SchemaVisitor(SchemaWriter& writer) : writer_(writer) {}

  StructSchema schema;

 protected:
  void visit(const Field& field) override {
    Json property = field.type.schema(writer_);
    if (property.contains("$ref")) {
      // Draft-07 ignores what stands beside a $ref.
      property = Json{{"allOf", Json::array({property})}};
    }
    std::string description(field.meaning);
    const std::string limits = limits_text(field);
    if (!limits.empty()) {
      description += " (" + limits + ")";
    }
    property["description"] = description;
    for (const Limit& limit : field.limits) {
      add(limit, field, property);
    }
    if (!field.is_required()) {
      Json standard = field.type.brief(field.value);
      if (!standard.is_null() && !(standard.is_structured() && standard.empty()) &&
          standard != "") {
        property["default"] = std::move(standard);
      }
    }
    const std::string name(field.name);
    schema.properties[name] = property;
    for (const Limit& limit : field.limits) {
      if (limit.kind == Limit::Kind::alias) {
        property["description"] = fmt::format("the same as {}: {}", name, description);
        schema.properties[std::string(limit.alias)] = property;
      }
    }
    if (field.is_required()) {
      schema.required.push_back(name);
    }
  }

 private:
  /// Limits on plain numbers and lengths; those on texts with units are only described.
  static void add(const Limit& limit, const Field& field, Json& property) {
    if (limit.kind == Limit::Kind::not_empty) {
      property["minItems"] = 1;
      property["minProperties"] = 1;
      property["minLength"] = 1;
      return;
    }
    if (limit.kind == Limit::Kind::required || limit.kind == Limit::Kind::alias ||
        limit.kind == Limit::Kind::of_run || limit.kind == Limit::Kind::inherits) {
      return;
    }
    const Json amount = field.type.of_magnitude(limit.magnitude);
    if (!amount.is_number()) {
      return;
    }
    switch (limit.kind) {
      case Limit::Kind::at_least:
        property["minimum"] = amount;
        break;
      case Limit::Kind::more_than:
        property["exclusiveMinimum"] = amount;
        break;
      case Limit::Kind::at_most:
        property["maximum"] = amount;
        break;
      case Limit::Kind::less_than:
        property["exclusiveMaximum"] = amount;
        break;
      case Limit::Kind::required:
      case Limit::Kind::alias:
      case Limit::Kind::not_empty:
      case Limit::Kind::of_run:
      case Limit::Kind::inherits:
        break;
    }
  }

  SchemaWriter& writer_;
};

}  // namespace

Json StructSchema::object() const {
  Json json{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) {
    json["required"] = required;
  }
  return json;
}

StructSchema struct_schema(const StructType& type, SchemaWriter& writer) {
  SchemaVisitor visitor(writer);
  type.describe(visitor, type.make().get());
  return std::move(visitor.schema);
}

bool StructType::Outline::Key::is_called(std::string_view key) const {
  return name == key || std::find(aliases.begin(), aliases.end(), key) != aliases.end();
}

bool StructType::Outline::knows(std::string_view key) const {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const Key& known) { return known.is_called(key); });
}

std::vector<std::string> StructType::Outline::names() const {
  std::vector<std::string> all;
  for (const Key& key : keys) {
    all.push_back(key.name);
  }
  return all;
}

const StructType::Outline& StructType::outline() const {
  std::call_once(outlined_, [this] {
    OutlineVisitor visitor(outline_);
    describe(visitor, make().get());
    visitor.resolve_shorthand();
  });
  return outline_;
}

std::string StructType::name() const {
  int status = 0;
  char* demangled = abi::__cxa_demangle(type_.name(), nullptr, nullptr, &status);
  std::string name = demangled != nullptr ? demangled : type_.name();
  std::free(demangled);
  const std::size_t scope = name.rfind("::");
  return scope == std::string::npos ? name : name.substr(scope + 2);
}

bool StructType::is_shorthand(const Value& value) const {
  const Outline& keys = outline();
  if (keys.shorthand.empty() || value.is_null()) {
    return false;
  }
  if (!value.is_map()) {
    return true;
  }
  return keys.shorthand_type->reads_maps() && !value.members.empty() &&
         std::none_of(value.members.begin(), value.members.end(),
                      [&](const Value::Member& member) { return keys.knows(member.key); });
}

void StructType::read(const Value& from, void* to, Reader& reader) const {
  if (is_shorthand(from)) {
    const std::string& field = outline().shorthand;
    read_members(Value::map({{field, from.place, from}}, from.place), to, reader, {}, field);
  } else if (from.is_map()) {
    read_members(from, to, reader);
  } else if (from.is_null()) {
    read_members(Value::map({}, from.place), to, reader);
  } else {
    reader.mismatch(from, *this);
  }
}

void StructType::read_members(const Value& map, void* to, Reader& reader, std::string_view kind,
                              std::string_view unnamed) const {
  ReadVisitor visitor(map, reader, kind, unnamed);
  describe(visitor, to);
  visitor.finish();
}

namespace {

const Value::Member* find_member(const Value& map, const StructType::Outline::Key& key) {
  const auto found =
      std::find_if(map.members.begin(), map.members.end(),
                   [&](const Value::Member& member) { return key.is_called(member.key); });
  return found == map.members.end() ? nullptr : &*found;
}

}  // namespace

Value StructType::overlaid(const Value& base, const Value& own) const {
  if (!base.is_map() || !own.is_map() || is_shorthand(base) || is_shorthand(own)) {
    return own;
  }
  Value merged = own;  // what the struct does not know of it is told when it is read
  for (const Outline::Key& key : outline().keys) {
    const Value::Member* below = find_member(base, key);
    if (below == nullptr) {
      continue;
    }
    const auto above =
        std::find_if(merged.members.begin(), merged.members.end(),
                     [&](const Value::Member& member) { return key.is_called(member.key); });
    if (above == merged.members.end()) {
      merged.members.push_back(*below);
    } else {
      above->value = key.type->overlaid(below->value, above->value);
    }
  }
  return merged;
}

Json StructType::echo(const void* from) const {
  EchoVisitor visitor;
  // Visitors take fields by pointer to non-const; this one only looks at them.
  describe(visitor, const_cast<void*>(from));
  return std::move(visitor.json);
}

Json StructType::brief(const void* from) const {
  // The defaults of a struct are in its own table.
  Json whole = echo(from);
  return whole == echo(make().get()) ? Json(nullptr) : whole;
}

Json StructType::schema(SchemaWriter& writer) const {
  return writer.define(this, name(), [&] {
    const StructSchema fields = struct_schema(*this, writer);
    Json object = fields.object();
    if (fields.required.empty()) {
      object["type"] = Json::array({"object", "null"});
    }
    const std::string& shorthand = outline().shorthand;
    if (shorthand.empty()) {
      return object;
    }
    return Json{{"anyOf", Json::array({object, fields.properties[shorthand]})}};
  });
}

std::string StructType::text() const {
  std::string text = "a map";
  if (!outline().keys.empty()) {
    text += " with " + one_of(outline().names());
  }
  return text;
}

std::string StructType::reference_text() const {
  return outline().shorthand_type == nullptr
             ? "map, below"
             : outline().shorthand_type->reference_text() + ", or map, below";
}

void StructType::document(ReferenceWriter& writer) const { writer.table(*this); }

}  // namespace stampede
