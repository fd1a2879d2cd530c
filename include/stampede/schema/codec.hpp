#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "stampede/base/require.hpp"
#include "stampede/schema/type.hpp"
#include "stampede/schema/visitor.hpp"

namespace stampede {

// ---- Types of settings ------------------------------------------------------------------------

/// A reference to a component by name; the reader records it so that dangling ones are found.
struct ComponentName {
  std::string name;
  Place place;

  bool empty() const { return name.empty(); }
  friend bool operator==(const ComponentName& a, const ComponentName& b) {
    return a.name == b.name;
  }
};

/// A map from names to T in the order of the text. Names match [a-z][a-z0-9_-]*.
template <class T>
class Named {
 public:
  struct Entry {
    std::string name;
    Place place;
    T value;
  };

  void add(std::string name, T value, Place place = {}) {
    entries_.push_back(Entry{std::move(name), std::move(place), std::move(value)});
  }
  void clear() { entries_.clear(); }
  const T* find(std::string_view name) const {
    for (const Entry& entry : entries_) {
      if (entry.name == name) {
        return &entry.value;
      }
    }
    return nullptr;
  }

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  Entry& operator[](std::size_t i) { return entries_[i]; }
  const Entry& operator[](std::size_t i) const { return entries_[i]; }
  auto begin() { return entries_.begin(); }
  auto end() { return entries_.end(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
};

/// A list that may be written without brackets when it has one item.
template <class T>
struct OneOrMany {
  std::vector<T> values;

  bool empty() const { return values.empty(); }
  std::size_t size() const { return values.size(); }
  auto begin() const { return values.begin(); }
  auto end() const { return values.end(); }
};

/// The words of an enum: `const EnumNames<E>& names(E)` beside the enum returns its table.
template <class E>
struct EnumNames {
  std::vector<std::pair<E, const char*>> table;
};

/// The word of an enumerator.
template <class E>
requires std::is_enum_v<E> std::string_view name_of(E value) {
  for (const auto& [enumerator, name] : names(value).table) {
    if (enumerator == value) {
      return name;
    }
  }
  fail("an enumerator has no name");
}

// ---- Teaching a type by hand ------------------------------------------------------------------

/// Specialise it to teach a type that is none of those below:
///     template <> struct Codec<T> {
///       static void read(const Value&, T&, Reader&);
///       static Json echo(const T&);
///       static Json schema(SchemaWriter&);
///       static std::string type_text();             // "a duration or a distribution of durations"
///       static std::string reference_text();        // optional: the same in Markdown, with links
///       static void document(ReferenceWriter&);     // optional: what is nested in it
///       static void shorten(T&, std::int64_t);      // optional: where a field may be `of_run()`
///     };
template <class T>
struct Codec;

namespace detail {
/// Json, but looked up when T is known: templates may then be defined where Json is incomplete.
template <class T>
struct JsonFor {
  using type = Json;
};
}  // namespace detail

/// The Type of a T with a Codec. A header that declares a Codec spares its includers the JSON
/// library by `extern template class CodecType<T>;` with `template class CodecType<T>;` in the
/// .cpp.
template <class T>
class CodecType : public Type {
 public:
  void read(const Value& from, void* to, Reader& reader) const override;
  typename detail::JsonFor<T>::type echo(const void* from) const override;
  typename detail::JsonFor<T>::type schema(SchemaWriter& writer) const override;
  std::string text() const override;
  std::string reference_text() const override;
  void document(ReferenceWriter& writer) const override;
  void shorten(void* value, std::int64_t divisor) const override;
};

template <class T>
void CodecType<T>::read(const Value& from, void* to, Reader& reader) const {
  Codec<T>::read(from, *static_cast<T*>(to), reader);
}
template <class T>
typename detail::JsonFor<T>::type CodecType<T>::echo(const void* from) const {
  return Codec<T>::echo(*static_cast<const T*>(from));
}
template <class T>
typename detail::JsonFor<T>::type CodecType<T>::schema(SchemaWriter& writer) const {
  return Codec<T>::schema(writer);
}
template <class T>
std::string CodecType<T>::text() const {
  return Codec<T>::type_text();
}
template <class T>
std::string CodecType<T>::reference_text() const {
  if constexpr (requires { Codec<T>::reference_text(); }) {
    return Codec<T>::reference_text();
  } else {
    return text();
  }
}
template <class T>
void CodecType<T>::document(ReferenceWriter& writer) const {
  if constexpr (requires { Codec<T>::document(writer); }) {
    Codec<T>::document(writer);
  }
}

template <class T>
void CodecType<T>::shorten(void* value, std::int64_t divisor) const {
  if constexpr (requires(T & t) { Codec<T>::shorten(t, divisor); }) {
    Codec<T>::shorten(*static_cast<T*>(value), divisor);
  } else {
    Type::shorten(value, divisor);
  }
}

// ---- How the types are made; nothing below is named by users of the layer ---------------------

/// A struct with describe().
class StructType : public Type {
 public:
  using Describe = void (*)(Visitor&, void*);
  using Make = std::shared_ptr<void> (*)();

  StructType(const std::type_info& type, Describe how_to_describe, Make how_to_make)
      : type_(type), describe_(how_to_describe), make_(how_to_make) {}

  void describe(Visitor& visitor, void* settings) const { describe_(visitor, settings); }
  /// A struct with its defaults.
  std::shared_ptr<void> make() const { return make_(); }
  const std::type_info& type_info() const { return type_; }
  std::string name() const;  ///< "LeastRequestSettings"

  /// The keys of the struct without their values.
  struct Outline {
    struct Key {
      std::string name;
      std::vector<std::string> aliases;
      const Type* type = nullptr;

      bool is_called(std::string_view key) const;
    };
    std::vector<Key> keys;
    std::string shorthand;                 ///< empty if there is none
    const Type* shorthand_type = nullptr;  ///< of the field that the shorthand means

    bool knows(std::string_view key) const;  ///< by its name or an alias
    std::vector<std::string> names() const;
  };
  const Outline& outline() const;

  /// Reads a map, nothing (all defaults), or a shorthand.
  void read(const Value& from, void* to, Reader& reader) const override;
  /// Reads a map whose keys are those of the struct. `kind` is the plug-in that they belong to, for
  /// messages; the member `unnamed`, a shorthand, is left out of paths.
  void read_members(const Value& map, void* to, Reader& reader, std::string_view kind = {},
                    std::string_view unnamed = {}) const;
  /// Whether `value` in place of the struct is meant as its shorthand.
  bool is_shorthand(const Value& value) const;
  Value overlaid(const Value& base, const Value& own) const override;
  Json echo(const void* from) const override;
  Json brief(const void* from) const override;
  Json schema(SchemaWriter& writer) const override;
  std::string text() const override;
  std::string reference_text() const override;
  void document(ReferenceWriter& writer) const override;

 private:
  const std::type_info& type_;
  Describe describe_;
  Make make_;
  mutable std::once_flag outlined_;
  mutable Outline outline_;
};

class EnumType : public Type {
 public:
  explicit EnumType(std::vector<std::string> words) : words_(std::move(words)) {}

  void read(const Value& from, void* to, Reader& reader) const override;
  Json echo(const void* from) const override;
  Json schema(SchemaWriter& writer) const override;
  std::string text() const override;
  std::string reference_text() const override;
  bool reads_maps() const override { return false; }

 protected:
  virtual std::size_t index(const void* value) const = 0;
  virtual void set(void* value, std::size_t index) const = 0;

 private:
  std::vector<std::string> words_;
};

/// What may be left out; null is "off".
class OptionalType : public Type {
 public:
  explicit OptionalType(const Type& inner) : inner_(inner) {}

  void read(const Value& from, void* to, Reader& reader) const override;
  Json echo(const void* from) const override;
  Json brief(const void* from) const override;
  Json schema(SchemaWriter& writer) const override;
  std::string text() const override { return inner_.text(); }
  std::string example() const override { return inner_.example(); }
  std::string reference_text() const override { return inner_.reference_text(); }
  void document(ReferenceWriter& writer) const override { inner_.document(writer); }
  bool reads_maps() const override { return inner_.reads_maps(); }
  std::optional<long double> magnitude(const void* from) const override;
  Json of_magnitude(long double magnitude) const override;
  std::optional<long double> natural_maximum() const override { return inner_.natural_maximum(); }
  Value overlaid(const Value& base, const Value& own) const override {
    return inner_.overlaid(base, own);
  }
  void shorten(void* optional, std::int64_t divisor) const override;

 protected:
  virtual const void* get(const void* optional) const = 0;  ///< nullptr if absent
  virtual void* emplace(void* optional) const = 0;
  virtual void reset(void* optional) const = 0;

 private:
  const Type& inner_;
};

/// Several values: a list, or one or many of them.
class ListType : public Type {
 public:
  ListType(const Type& element, bool one_will_do) : element_(element), one_will_do_(one_will_do) {}

  void read(const Value& from, void* to, Reader& reader) const override;
  Json echo(const void* from) const override;
  Json brief(const void* from) const override;
  Json schema(SchemaWriter& writer) const override;
  std::string text() const override;
  std::string reference_text() const override;
  void document(ReferenceWriter& writer) const override { element_.document(writer); }
  bool reads_maps() const override { return one_will_do_ && element_.reads_maps(); }
  std::optional<long double> magnitude(const void* from) const override;

 protected:
  virtual std::size_t size(const void* list) const = 0;
  virtual const void* at(const void* list, std::size_t i) const = 0;
  virtual void* append(void* list) const = 0;
  virtual void clear(void* list) const = 0;

 private:
  const Type& element_;
  bool one_will_do_;
};

/// A map of names that the user chooses.
class NamedType : public Type {
 public:
  explicit NamedType(const Type& element) : element_(element) {}

  void read(const Value& from, void* to, Reader& reader) const override;
  Json echo(const void* from) const override;
  Json schema(SchemaWriter& writer) const override;
  std::string text() const override;
  std::string reference_text() const override;
  void document(ReferenceWriter& writer) const override;
  std::optional<long double> magnitude(const void* from) const override;
  Value overlaid(const Value& base, const Value& own) const override;
  Value inherited(const Value& around, const Value& own) const override;

 protected:
  virtual std::size_t size(const void* map) const = 0;
  virtual const std::string& name(const void* map, std::size_t i) const = 0;
  virtual const void* at(const void* map, std::size_t i) const = 0;
  virtual void* append(void* map, const std::string& name, const Place& place) const = 0;
  virtual void clear(void* map) const = 0;

 private:
  const Type& element_;
};

namespace detail {

template <class T>
struct TypeOf {
  static const Type& get() {
    if constexpr (requires(const Value& v, T& t, Reader& r) { Codec<T>::read(v, t, r); }) {
      static const CodecType<T> type;
      return type;
    } else if constexpr (std::is_enum_v<T>) {
      return of_enum();
    } else {
      static_assert(
          requires(Visitor & v, T & t) { describe(v, t); },
          "a settings struct needs describe(Visitor&, T&) in its namespace");
      static const StructType type(
          typeid(T), [](Visitor& v, void* t) { describe(v, *static_cast<T*>(t)); },
          []() -> std::shared_ptr<void> { return std::make_shared<T>(); });
      return type;
    }
  }

 private:
  static const Type& of_enum() {
    class Words final : public EnumType {
     public:
      explicit Words(const EnumNames<T>& names) : EnumType(words(names)), names_(names) {}

     protected:
      std::size_t index(const void* value) const override {
        for (std::size_t i = 0; i < names_.table.size(); ++i) {
          if (names_.table[i].first == *static_cast<const T*>(value)) {
            return i;
          }
        }
        fail("an enumerator has no name");
      }
      void set(void* value, std::size_t i) const override {
        *static_cast<T*>(value) = names_.table[i].first;
      }

     private:
      static std::vector<std::string> words(const EnumNames<T>& names) {
        std::vector<std::string> all;
        for (const auto& [enumerator, name] : names.table) {
          all.emplace_back(name);
        }
        return all;
      }
      const EnumNames<T>& names_;
    };
    static const Words type(names(T{}));
    return type;
  }
};

template <>
struct TypeOf<bool> {
  static const Type& get();
};
template <>
struct TypeOf<int> {
  static const Type& get();
};
template <>
struct TypeOf<std::int64_t> {
  static const Type& get();
};
template <>
struct TypeOf<std::uint32_t> {
  static const Type& get();
};
template <>
struct TypeOf<std::uint64_t> {
  static const Type& get();
};
template <>
struct TypeOf<double> {
  static const Type& get();
};
template <>
struct TypeOf<std::string> {
  static const Type& get();
};
template <>
struct TypeOf<Duration> {
  static const Type& get();
};
template <>
struct TypeOf<Bytes> {
  static const Type& get();
};
template <>
struct TypeOf<Rate> {
  static const Type& get();
};
template <>
struct TypeOf<Bandwidth> {
  static const Type& get();
};
template <>
struct TypeOf<Ratio> {
  static const Type& get();
};
template <>
struct TypeOf<Quantity> {
  static const Type& get();
};
template <>
struct TypeOf<ComponentName> {
  static const Type& get();
};

template <class T>
class VectorType final : public ListType {
  static_assert(!std::is_same_v<T, bool>, "std::vector<bool> has no elements to point to");

 public:
  VectorType() : ListType(type_of<T>(), false) {}

 protected:
  std::size_t size(const void* list) const override { return of(list).size(); }
  const void* at(const void* list, std::size_t i) const override { return &of(list)[i]; }
  void* append(void* list) const override {
    return &static_cast<std::vector<T>*>(list)->emplace_back();
  }
  void clear(void* list) const override { static_cast<std::vector<T>*>(list)->clear(); }

 private:
  static const std::vector<T>& of(const void* list) {
    return *static_cast<const std::vector<T>*>(list);
  }
};

template <class T>
class OneOrManyType final : public ListType {
 public:
  OneOrManyType() : ListType(type_of<T>(), true) {}

 protected:
  std::size_t size(const void* list) const override { return of(list).size(); }
  const void* at(const void* list, std::size_t i) const override { return &of(list)[i]; }
  void* append(void* list) const override {
    return &static_cast<OneOrMany<T>*>(list)->values.emplace_back();
  }
  void clear(void* list) const override { static_cast<OneOrMany<T>*>(list)->values.clear(); }

 private:
  static const std::vector<T>& of(const void* list) {
    return static_cast<const OneOrMany<T>*>(list)->values;
  }
};

template <class T>
class OptionalOf final : public OptionalType {
 public:
  OptionalOf() : OptionalType(type_of<T>()) {}

 protected:
  const void* get(const void* optional) const override {
    const auto& value = *static_cast<const std::optional<T>*>(optional);
    return value ? &*value : nullptr;
  }
  void* emplace(void* optional) const override {
    return &static_cast<std::optional<T>*>(optional)->emplace();
  }
  void reset(void* optional) const override { static_cast<std::optional<T>*>(optional)->reset(); }
};

template <class T>
class NamedOf final : public NamedType {
 public:
  NamedOf() : NamedType(type_of<T>()) {}

 protected:
  std::size_t size(const void* map) const override { return of(map).size(); }
  const std::string& name(const void* map, std::size_t i) const override { return of(map)[i].name; }
  const void* at(const void* map, std::size_t i) const override { return &of(map)[i].value; }
  void* append(void* map, const std::string& name, const Place& place) const override {
    auto& named = *static_cast<Named<T>*>(map);
    named.add(name, T{}, place);
    return &named[named.size() - 1].value;
  }
  void clear(void* map) const override { static_cast<Named<T>*>(map)->clear(); }

 private:
  static const Named<T>& of(const void* map) { return *static_cast<const Named<T>*>(map); }
};

template <class T>
struct TypeOf<std::vector<T>> {
  static const Type& get() {
    static const VectorType<T> type;
    return type;
  }
};
template <class T>
struct TypeOf<OneOrMany<T>> {
  static const Type& get() {
    static const OneOrManyType<T> type;
    return type;
  }
};
template <class T>
struct TypeOf<std::optional<T>> {
  static const Type& get() {
    static const OptionalOf<T> type;
    return type;
  }
};
template <class T>
struct TypeOf<Named<T>> {
  static const Type& get() {
    static const NamedOf<T> type;
    return type;
  }
};

}  // namespace detail

template <class T>
const Type& type_of() {
  return detail::TypeOf<T>::get();
}

template <class T>
struct UnitFamilyOf<std::optional<T>> : UnitFamilyOf<T> {};

}  // namespace stampede
