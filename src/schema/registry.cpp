#include "stampede/schema/registry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/schema/json_schema.hpp"
#include "stampede/schema/reader.hpp"
#include "struct_schema.hpp"

namespace stampede {
namespace {

std::vector<const AnyRegistry*>& enrolled() {
  static std::vector<const AnyRegistry*> all;
  return all;
}

std::string one_kind_of(const AnyRegistry& registry) {
  return registry.kinds().empty() ? "none, for there are no kinds of " + registry.name()
                                  : one_of(registry.kind_names());
}

std::string did_you_mean(const std::string& meant) {
  return meant.empty() ? std::string() : fmt::format("did you mean '{}'?", meant);
}

/// What was written for a choice, in whichever form: the kind, and its settings as a map.
struct Picked {
  const Kind* kind = nullptr;
  Value settings;
  std::string unnamed;  // the field of a shorthand, which has no key in the text
};

/// Sorts out the text forms of a choice.
class Picker {
 public:
  Picker(const AnyRegistry& registry, Reader& reader) : registry_(registry), reader_(reader) {}

  /// No kind if the value is wrong, which has then been told.
  Picked pick(const Value& from, const Type& type) {
    switch (from.kind) {
      case Value::Kind::scalar:
        return of_scalar(from, type);
      case Value::Kind::map:
        return from.find("kind") != nullptr ? of_kind_member(from) : of_named_member(from, type);
      case Value::Kind::list:
        if (const Kind* kind = scalar_kind()) {
          return of_shorthand(*kind, from);
        }
        break;
      case Value::Kind::null:
        break;
    }
    reader_.mismatch(from, type);
    return {};
  }

 private:
  const Kind* scalar_kind() const {
    return registry_.scalar_kind().empty() ? nullptr : registry_.find(registry_.scalar_kind());
  }

  Picked of_shorthand(const Kind& kind, const Value& from) const {
    const std::string& field = kind.settings->outline().shorthand;
    require(!field.empty(), "the scalar kind of a registry has no shorthand");
    return {&kind, Value::map({{field, from.place, from}}, from.place), field};
  }

  Picked of_scalar(const Value& from, const Type& type) {
    if (const Kind* kind = registry_.find(from.text)) {
      return {kind, Value::map({}, from.place), {}};
    }
    const std::string meant = closest_match(from.text, registry_.kind_names());
    const Kind* scalar = scalar_kind();
    if (scalar != nullptr && meant.empty()) {
      return of_shorthand(*scalar, from);
    }
    if (scalar != nullptr) {
      reader_.mismatch(from, type, did_you_mean(meant));
    } else {
      tell_unknown(from.text, from.place);
    }
    return {};
  }

  /// {kind: k, the fields of k}
  Picked of_kind_member(const Value& from) {
    const Value& named = *from.find("kind");
    const Reader::Step step(reader_, "kind");
    if (!named.is_scalar()) {
      reader_.mismatch(named, one_kind_of(registry_));
      return {};
    }
    const Kind* kind = registry_.find(named.text);
    if (kind == nullptr) {
      tell_unknown(named.text, named.place);
      return {};
    }
    Picked picked{kind, Value::map({}, from.place), {}};
    for (const Value::Member& member : from.members) {
      if (&member.value != &named) {
        picked.settings.members.push_back(member);
      }
    }
    return picked;
  }

  /// {k: the fields or the shorthand of k, further fields of k}
  Picked of_named_member(const Value& from, const Type& type) {
    const Value::Member* naming = naming_member(from);
    if (naming == nullptr) {
      tell_nameless(from, type);
      return {};
    }
    const Kind* kind = registry_.find(naming->key);
    const StructType& settings = *kind->settings;
    Picked picked{kind, Value::map({}, from.place), {}};
    if (settings.is_shorthand(naming->value)) {
      picked.unnamed = settings.outline().shorthand;
      picked.settings.members.push_back({picked.unnamed, naming->key_place, naming->value});
    } else if (naming->value.is_map()) {
      picked.settings.members = naming->value.members;
      picked.settings.place = naming->value.place;
    } else if (!naming->value.is_null()) {
      const Reader::Step step(reader_, naming->key);
      reader_.mismatch(naming->value, settings);
      return {};
    }
    for (const Value::Member& member : from.members) {
      if (&member == naming) {
        continue;
      }
      if (registry_.find(member.key) != nullptr && !settings.outline().knows(member.key)) {
        reader_.error(member.key_place,
                      fmt::format("'{}'{} is a second {}, beside '{}'", member.key,
                                  reader_.in_path(), registry_.name(), naming->key),
                      "one " + registry_.name(), "in a list, begin each with '- '");
        continue;
      }
      if (picked.settings.find(member.key) != nullptr) {
        reader_.error(member.key_place,
                      fmt::format("'{}'{} is given twice, within '{}' and beside it", member.key,
                                  reader_.in_path(), naming->key),
                      {}, "keep one of them");
        continue;
      }
      picked.settings.members.push_back(member);
    }
    return picked;
  }

  /// The member whose key is a kind. Of several ({call: payments, timeout: 1s} where there is a
  /// kind "timeout" too) the first for which all others are fields; else the first.
  const Value::Member* naming_member(const Value& from) const {
    const Value::Member* first = nullptr;
    for (const Value::Member& candidate : from.members) {
      const Kind* kind = registry_.find(candidate.key);
      if (kind == nullptr) {
        continue;
      }
      const StructType::Outline& outline = kind->settings->outline();
      const bool fits =
          std::all_of(from.members.begin(), from.members.end(), [&](const Value::Member& member) {
            return &member == &candidate || outline.knows(member.key);
          });
      if (fits) {
        return &candidate;
      }
      first = first == nullptr ? &candidate : first;
    }
    return first;
  }

  void tell_unknown(const std::string& name, const Place& place) {
    const std::vector<std::string> kinds = registry_.kind_names();
    std::string where = reader_.path();
    if (where.ends_with(".kind")) {
      where.resize(where.size() - 5);
    } else if (where == "kind") {
      where.clear();
    }
    reader_.error(place,
                  fmt::format("unknown {} '{}'{}", registry_.name(), name,
                              where.empty() ? "" : " in " + where),
                  kinds.empty() ? one_kind_of(registry_) : one_of(kinds, name),
                  did_you_mean(closest_match(name, kinds)));
  }

  void tell_nameless(const Value& from, const Type& type) {
    for (const Value::Member& member : from.members) {
      if (from.members.size() == 1 || !closest_match(member.key, registry_.kind_names()).empty()) {
        tell_unknown(member.key, member.key_place);
        return;
      }
    }
    if (from.members.empty()) {
      reader_.mismatch(from, type);
      return;
    }
    const std::string& path = reader_.path();
    reader_.error(from.place, fmt::format("{} lacks 'kind'", path.empty() ? "this" : path),
                  one_kind_of(registry_));
  }

  const AnyRegistry& registry_;
  Reader& reader_;
};

}  // namespace

// ---- registries -------------------------------------------------------------------------------

const void* Kind::default_settings() const {
  std::call_once(defaulted_, [this] { defaults_ = settings->make(); });
  return defaults_.get();
}

AnyRegistry::AnyRegistry(std::string name, std::string scalar_kind)
    : name_(std::move(name)), scalar_kind_(std::move(scalar_kind)) {
  std::vector<const AnyRegistry*>& all = enrolled();
  all.insert(std::upper_bound(
                 all.begin(), all.end(), this,
                 [](const AnyRegistry* a, const AnyRegistry* b) { return a->name() < b->name(); }),
             this);
}

std::string AnyRegistry::slug() const {
  std::string slug = name_;
  std::replace(slug.begin(), slug.end(), ' ', '-');
  return slug;
}

std::vector<std::string> AnyRegistry::kind_names() const {
  std::vector<std::string> names;
  for (const Kind* kind : sorted_) {
    names.push_back(kind->name);
  }
  return names;
}

const Kind* AnyRegistry::find(std::string_view kind) const {
  const auto found =
      std::lower_bound(sorted_.begin(), sorted_.end(), kind,
                       [](const Kind* a, std::string_view name) { return a->name < name; });
  return found != sorted_.end() && (*found)->name == kind ? *found : nullptr;
}

void AnyRegistry::add(const Kind* kind) {
  const auto after =
      std::lower_bound(sorted_.begin(), sorted_.end(), kind,
                       [](const Kind* a, const Kind* b) { return a->name < b->name; });
  if (after != sorted_.end() && (*after)->name == kind->name) {
    fail("two plug-ins are registered as " + name_ + " '" + kind->name + "'");
  }
  sorted_.insert(after, kind);
}

const std::vector<const AnyRegistry*>& all_registries() { return enrolled(); }

// ---- choices ----------------------------------------------------------------------------------

const Kind& AnyChoice::kind_in(const AnyRegistry& registry) const {
  const Kind* kind = registry.find(kind_);
  if (kind == nullptr) {
    fail("no " + registry.name() + " of kind '" + kind_ + "'");
  }
  return *kind;
}

const void* AnyChoice::settings(const AnyRegistry& registry) const {
  return settings_ != nullptr ? settings_.get() : kind_in(registry).default_settings();
}

void ChoiceType::read(const Value& from, void* to, Reader& reader) const {
  const Picked picked = Picker(registry_, reader).pick(from, *this);
  if (picked.kind == nullptr) {
    return;
  }
  AnyChoice& choice = any_(to);
  const std::shared_ptr<void> settings = picked.kind->settings->make();
  {
    const Reader::Expecting expecting(reader, {},
                                      from.is_map() ? std::string() : one_kind_of(registry_));
    picked.kind->settings->read_members(picked.settings, settings.get(), reader, picked.kind->name,
                                        picked.unnamed);
  }
  choice.kind_ = picked.kind->name;
  choice.settings_ = settings;
  choice.place_ = from.place;
}

Json ChoiceType::echo(const void* from) const {
  const AnyChoice& choice = any(from);
  if (!choice.has_value()) {
    return nullptr;
  }
  const Kind* kind = registry_.find(choice.kind());
  if (kind == nullptr || kind->settings->outline().keys.empty()) {
    return choice.kind();
  }
  Json fields = kind->settings->echo(choice.settings(registry_));
  if (choice.kind() == registry_.scalar_kind() && fields.size() == 1) {
    return fields.front();
  }
  Json json{{"kind", choice.kind()}};
  json.update(fields);
  return json;
}

Json ChoiceType::brief(const void* from) const {
  const AnyChoice& choice = any(from);
  Json whole = echo(from);
  if (whole.is_object()) {
    const Kind& kind = choice.kind_in(registry_);
    if (kind.settings->echo(choice.settings(registry_)) ==
        kind.settings->echo(kind.default_settings())) {
      return choice.kind();
    }
  }
  return whole;
}

namespace {

Json object_with(Json properties, std::vector<std::string> required) {
  Json json{{"type", "object"}, {"properties", std::move(properties)}};
  json["required"] = std::move(required);
  json["additionalProperties"] = false;
  return json;
}

Json described(Json schema, const std::string& meaning) {
  if (schema.contains("$ref")) {
    schema = Json{{"allOf", Json::array({schema})}};
  }
  schema["description"] = meaning;
  return schema;
}

/// The text forms of one kind that are maps. Its keys are written out once, in a definition that
/// all forms refer to.
void add_map_forms(const AnyRegistry& registry, const Kind& kind, SchemaWriter& writer,
                   Json& forms) {
  const StructSchema fields = struct_schema(*kind.settings, writer);
  const Json whole = writer.define(&kind, registry.slug() + "." + kind.name, [&] {
    Json object = fields.object();
    if (fields.required.empty()) {
      object["type"] = Json::array({"object", "null"});
    }
    return object;
  });
  const auto property = [&](const std::string& name) {
    return Json{{"$ref", whole["$ref"].get<std::string>() + "/properties/" + name}};
  };
  Json properties = Json::object();
  for (const auto& item : fields.properties.items()) {
    properties[item.key()] = property(item.key());
  }

  // {kind: k, fields}
  Json named{{"kind", {{"const", kind.name}, {"description", kind.meaning}}}};
  named.update(properties);
  std::vector<std::string> required{"kind"};
  required.insert(required.end(), fields.required.begin(), fields.required.end());
  forms.push_back(object_with(std::move(named), std::move(required)));

  // {k: {fields}}
  forms.push_back(object_with(Json{{kind.name, described(whole, kind.meaning)}}, {kind.name}));
  if (properties.empty()) {
    return;
  }

  // {k: {some fields}, the other fields}
  Json some = object_with(properties, {});
  some["type"] = Json::array({"object", "null"});
  Json mixed{{kind.name, described(std::move(some), kind.meaning)}};
  mixed.update(properties);
  Json mixed_form = object_with(std::move(mixed), {kind.name});
  mixed_form["minProperties"] = 2;
  forms.push_back(std::move(mixed_form));

  // {k: shorthand, the other fields}
  const std::string& shorthand = kind.settings->outline().shorthand;
  if (shorthand.empty()) {
    return;
  }
  Json others = properties;
  others.erase(shorthand);
  Json short_form{{kind.name, described(property(shorthand), kind.meaning)}};
  short_form.update(others);
  required = {kind.name};
  for (const std::string& name : fields.required) {
    if (name != shorthand) {
      required.push_back(name);
    }
  }
  forms.push_back(object_with(std::move(short_form), std::move(required)));
}

}  // namespace

Json ChoiceType::schema(SchemaWriter& writer) const {
  return writer.define(&registry_, registry_.slug(), [&] {
    Json forms = Json::array();
    for (const Kind* kind : registry_.kinds()) {
      if (struct_schema(*kind->settings, writer).required.empty()) {
        forms.push_back({{"const", kind->name}, {"description", kind->meaning}});
      }
    }
    const Kind* scalar = registry_.find(registry_.scalar_kind());
    if (scalar != nullptr && scalar->settings->outline().shorthand_type != nullptr) {
      const StructSchema fields = struct_schema(*scalar->settings, writer);
      forms.push_back(
          described(fields.properties[scalar->settings->outline().shorthand], scalar->meaning));
    }
    for (const Kind* kind : registry_.kinds()) {
      add_map_forms(registry_, *kind, writer, forms);
    }
    return forms.empty() ? Json(false) : Json{{"anyOf", forms}};
  });
}

std::string ChoiceType::text() const {
  std::string text = one_kind_of(registry_);
  const Kind* scalar = registry_.find(registry_.scalar_kind());
  if (scalar != nullptr && scalar->settings->outline().shorthand_type != nullptr) {
    text = scalar->settings->outline().shorthand_type->text() + ", or " + text;
  }
  return text;
}

std::string ChoiceType::reference_text() const {
  std::string text = fmt::format("[{}]({}.md)", registry_.name(), registry_.slug());
  const Kind* scalar = registry_.find(registry_.scalar_kind());
  if (scalar != nullptr && scalar->settings->outline().shorthand_type != nullptr) {
    text = scalar->settings->outline().shorthand_type->reference_text() + ", or " + text;
  }
  return text;
}

}  // namespace stampede
