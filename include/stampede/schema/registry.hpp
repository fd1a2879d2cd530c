#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "stampede/schema/codec.hpp"

namespace stampede {

// Plug-ins: a Base class (a policy contract, a distribution, a component) has a Registry of kinds,
// a .cpp adds a kind by a `Register`, settings hold a `Choice<Base>`, and `make` gives the object.
//
//     class LoadBalancingPolicy {
//      public:
//       using Context = LoadBalancingContext;                            // what `make` is given
//       static constexpr const char* registry = "load balancing policy"; // how messages call it
//       // optional: the kind that a scalar or list means which is not the name of a kind
//       static constexpr const char* scalar_kind = "constant";
//       // optional: what can be known of a kind from its settings alone, without making one; a
//       // kind of which something is known has `static Theory theory(const Settings&)`
//       using Theory = Flow;

/// One kind of a registry: its name, what it is, and the type of its settings.
struct Kind {
  std::string name;
  std::string meaning;
  const StructType* settings = nullptr;
  /// The settings that a kind has when it is only named; they live as long as the kind.
  const void* default_settings() const;

 private:
  mutable std::once_flag defaulted_;
  mutable std::shared_ptr<const void> defaults_;
};

/// A registry without its Base: what the reader, `stampede list` and the reference need.
class AnyRegistry {
 public:
  AnyRegistry(const AnyRegistry&) = delete;
  AnyRegistry& operator=(const AnyRegistry&) = delete;

  const std::string& name() const { return name_; }                ///< "load balancing policy"
  const std::string& scalar_kind() const { return scalar_kind_; }  ///< may be empty
  std::string slug() const;                                        ///< "load-balancing-policy"
  /// All kinds, sorted by name.
  const std::vector<const Kind*>& kinds() const { return sorted_; }
  std::vector<std::string> kind_names() const;
  const Kind* find(std::string_view kind) const;  ///< nullptr if there is none

 protected:
  AnyRegistry(std::string name, std::string scalar_kind);
  ~AnyRegistry() = default;
  /// Keeps the kind; a name given twice is a bug.
  void add(const Kind* kind);

 private:
  std::string name_;
  std::string scalar_kind_;
  std::vector<const Kind*> sorted_;
};

/// Every registry of the program, sorted by name.
const std::vector<const AnyRegistry*>& all_registries();

namespace detail {

/// What Base says that can be known of its kinds, if it does.
template <class Base>
struct TheoryOf {
  struct Nothing {};
  using type = Nothing;
};
template <class Base>
requires requires { typename Base::Theory; }
struct TheoryOf<Base> {
  using type = typename Base::Theory;
};

}  // namespace detail

/// The kinds of one Base and how to make them.
template <class Base>
class Registry : public AnyRegistry {
 public:
  using Context = typename Base::Context;
  using Make = std::unique_ptr<Base> (*)(const void* settings, const Context& context);
  using Theory = typename detail::TheoryOf<Base>::type;

  struct Entry : Kind {
    Make make = nullptr;
    Theory (*theory)(const void* settings) = nullptr;  ///< null: nothing is known of it
  };

  static Registry& instance() {
    static Registry registry;
    return registry;
  }

  void add(std::unique_ptr<Entry> entry) {
    AnyRegistry::add(entry.get());
    entries_.push_back(std::move(entry));
  }

  std::unique_ptr<Base> make(std::string_view kind, const void* settings,
                             const Context& context) const {
    const Kind* found = find(kind);
    if (found == nullptr) {
      fail("no " + name() + " of kind '" + std::string(kind) + "'");
    }
    return static_cast<const Entry*>(found)->make(settings, context);
  }

  std::optional<Theory> theory(std::string_view kind, const void* settings) const {
    const auto* found = static_cast<const Entry*>(find(kind));
    if (found == nullptr || found->theory == nullptr) {
      return std::nullopt;
    }
    return found->theory(settings);
  }

 private:
  static std::string scalar_kind_of_base() {
    if constexpr (requires { Base::scalar_kind; }) {
      return Base::scalar_kind;
    } else {
      return {};
    }
  }
  Registry() : AnyRegistry(Base::registry, scalar_kind_of_base()) {}

  std::vector<std::unique_ptr<Entry>> entries_;
};

/// Adds a kind when the program starts:
///     const Register<LoadBalancingPolicy, LeastRequest, LeastRequestSettings> registered{
///         "least_request", "fewest requests in flight among N random backends"};
template <class Base, class Plugin, class Settings = NoSettings>
class Register {
 public:
  Register(std::string name, std::string meaning) {
    auto entry = std::make_unique<typename Registry<Base>::Entry>();
    entry->name = std::move(name);
    entry->meaning = std::move(meaning);
    entry->settings = static_cast<const StructType*>(&type_of<Settings>());
    entry->make = [](const void* settings,
                     const typename Base::Context& context) -> std::unique_ptr<Base> {
      return std::make_unique<Plugin>(*static_cast<const Settings*>(settings), context);
    };
    if constexpr (requires(const Settings& settings) { Plugin::theory(settings); }) {
      entry->theory = [](const void* settings) {
        return Plugin::theory(*static_cast<const Settings*>(settings));
      };
    }
    Registry<Base>::instance().add(std::move(entry));
  }
};

/// A kind picked from a registry with its settings, without its Base. Settings are shared and never
/// change, so copies are cheap and may be used from several threads.
class AnyChoice {
 public:
  /// The name of the kind; empty if nothing was picked.
  const std::string& kind() const { return kind_; }
  bool has_value() const { return !kind_.empty(); }
  /// Where it was written.
  const Place& place() const { return place_; }

 protected:
  AnyChoice() = default;
  AnyChoice(std::string kind, std::shared_ptr<const void> settings)
      : kind_(std::move(kind)), settings_(std::move(settings)) {}
  /// The settings given, or else the kind's defaults.
  const void* settings(const AnyRegistry& registry) const;
  const Kind& kind_in(const AnyRegistry& registry) const;

 private:
  friend class ChoiceType;
  std::string kind_;
  std::shared_ptr<const void> settings_;  // null: the defaults of the kind
  Place place_;
};

/// A plug-in of one Base, as settings hold it. In the text any of these, which mean the same:
///     policy: least_request
///     policy: {kind: least_request, choice_count: 2}
///     policy: {least_request: {choice_count: 2}}
/// and for a kind with a shorthand, with or without further fields beside it:
///     {call: payments, timeout: 500ms}
template <class Base>
class Choice : public AnyChoice {
 public:
  Choice() = default;

  /// That kind with all its defaults. The kind is looked up when it is first needed, so that this
  /// can stand as a default in a struct.
  static Choice of(std::string kind) { return Choice(std::move(kind), nullptr); }
  /// That kind with these settings, which must be of its type.
  template <class Settings>
  static Choice of(std::string kind, Settings settings) {
    Choice choice(std::move(kind), std::make_shared<const Settings>(std::move(settings)));
    require(choice.template settings_as<Settings>() != nullptr,
            "a choice was made with settings of another kind");
    return choice;
  }

  std::unique_ptr<Base> make(const typename Base::Context& context) const {
    const Registry<Base>& registry = Registry<Base>::instance();
    return registry.make(kind(), settings(registry), context);
  }

  /// What can be known of it without making it; nothing if its kind is silent.
  auto theory() const {
    const Registry<Base>& registry = Registry<Base>::instance();
    return registry.theory(kind(), has_value() ? settings(registry) : nullptr);
  }

  /// The settings if they are of that type, else nullptr. Valid as long as a copy of the choice.
  template <class Settings>
  const Settings* settings_as() const {
    if (!has_value()) {
      return nullptr;
    }
    const Registry<Base>& registry = Registry<Base>::instance();
    if (kind_in(registry).settings->type_info() != typeid(Settings)) {
      return nullptr;
    }
    return static_cast<const Settings*>(settings(registry));
  }

 private:
  Choice(std::string kind, std::shared_ptr<const void> settings)
      : AnyChoice(std::move(kind), std::move(settings)) {}
};

/// How every Choice is read.
class ChoiceType : public Type {
 public:
  using Any = AnyChoice& (*)(void*);

  ChoiceType(const AnyRegistry& registry, Any as_any) : registry_(registry), any_(as_any) {}

  void read(const Value& from, void* to, Reader& reader) const override;
  Json echo(const void* from) const override;
  Json brief(const void* from) const override;
  Json schema(SchemaWriter& writer) const override;
  std::string text() const override;
  std::string reference_text() const override;

 private:
  const AnyChoice& any(const void* choice) const { return any_(const_cast<void*>(choice)); }

  const AnyRegistry& registry_;
  Any any_;
};

template <class Base>
struct detail::TypeOf<Choice<Base>> {
  static const Type& get() {
    static const ChoiceType type(Registry<Base>::instance(), [](void* choice) -> AnyChoice& {
      return *static_cast<Choice<Base>*>(choice);
    });
    return type;
  }
};

}  // namespace stampede
