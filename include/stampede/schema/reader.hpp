#pragma once

#include <any>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stampede/base/problem.hpp"
#include "stampede/schema/codec.hpp"
#include "stampede/schema/facts.hpp"
#include "stampede/schema/value.hpp"

namespace stampede {

/// A component named somewhere in the settings, for whoever knows which components there are.
struct ComponentReference {
  std::string name;
  Place place;
  std::string path;  ///< "components.balancer.backends"
};

/// Turns Values into settings and collects what is wrong with them, all of it. Never throws on the
/// user's account: a value that cannot be read keeps its default and leaves a Problem.
class Reader {
 public:
  explicit Reader(Problems& problems) : problems_(problems) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Reads `from` into `to`.
  template <class T>
  void read(const Value& from, T& to) {
    type_of<T>().read(from, &to, *this);
  }
  /// The same one step down the path: `step` is a key or an index.
  template <class T>
  void read(const Value& from, T& to, std::string_view step) {
    const Step inside(*this, step);
    type_of<T>().read(from, &to, *this);
  }

  void error(const Place& place, std::string what, std::string expected = {},
             std::string hint = {});
  void warning(const Place& place, std::string what, std::string expected = {},
               std::string hint = {});
  /// "<path> is 'x'; expected …": the value is not what belongs here.
  void mismatch(const Value& value, std::string expected, std::string hint = {});
  /// The same with the words and the example of a type.
  void mismatch(const Value& value, const Type& expected, std::string hint = {});
  /// The number of errors so far; unchanged by a successful read.
  std::size_t errors() const { return errors_; }

  /// Adds to what `mismatch` says was expected at the present path (not below it) while it lives:
  /// the limits of the field, and what else could stand there.
  class Expecting {
   public:
    Expecting(Reader& reader, std::string limits, std::string alternative = {});
    ~Expecting();
    Expecting(const Expecting&) = delete;
    Expecting& operator=(const Expecting&) = delete;

   private:
    Reader& reader_;
    std::string path_before_, limits_before_, alternative_before_;
  };

  /// Keeps a reference to a component, to be resolved when all components are known.
  void refer(std::string name, Place place);
  const std::vector<ComponentReference>& references() const { return references_; }

  /// Keeps a fact about what is read at the present path, for checks of the whole.
  void declare(std::any fact, Place place);
  const Facts& facts() const { return facts_; }

  /// Where in the settings the reader is: "components.app.replicas"; empty at the top.
  const std::string& path() const { return path_; }
  /// " in components.app", or "" at the top.
  std::string in_path() const;
  /// The path of something one step down.
  std::string path_of(std::string_view step) const;

  /// Goes one step down the path while it lives.
  class Step {
   public:
    Step(Reader& reader, std::string_view step);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Reader& reader_;
    std::size_t length_before_;
  };

  /// While it lives, settings are read that were read before, for somebody who inherits them: what
  /// was doubted in them is not doubted again.
  class Inheriting {
   public:
    explicit Inheriting(Reader& reader) : reader_(reader) { ++reader_.inheriting_; }
    ~Inheriting() { --reader_.inheriting_; }
    Inheriting(const Inheriting&) = delete;
    Inheriting& operator=(const Inheriting&) = delete;

   private:
    Reader& reader_;
  };

  /// The directory that relative paths of files in the settings start from; empty is the current
  /// one.
  std::string base_directory;
  /// What times of the run (see `of_run`) are divided by.
  std::int64_t run_divisor = 1;

 private:
  Problems& problems_;
  std::vector<ComponentReference> references_;
  Facts facts_;
  std::string path_;
  std::size_t errors_ = 0;
  int inheriting_ = 0;
  std::string expecting_path_, expecting_limits_, expecting_alternative_;
};

}  // namespace stampede
