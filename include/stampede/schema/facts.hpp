#pragma once

#include <any>
#include <string>
#include <utility>
#include <vector>

#include "stampede/base/problem.hpp"

namespace stampede {

/// What settings declared about themselves while they were read (Visitor::declare), for checks that
/// look at a document as a whole. A fact is a value of any type; who asks for that type finds it,
/// whichever plug-in it came from: the plug-in and the check agree on the type and on nothing else.
class Facts {
 public:
  template <class T>
  struct Found {
    const std::string& path;  ///< of the settings: "components.app.handlers.checkout.1"
    const Place& place;       ///< where they are written
    const T& what;
  };

  void add(std::string path, Place place, std::any what) {
    facts_.push_back({std::move(path), std::move(place), std::move(what)});
  }

  /// All facts of that type in the order of the text. Valid as long as these Facts.
  template <class T>
  std::vector<Found<T>> all() const {
    std::vector<Found<T>> found;
    for (const Fact& fact : facts_) {
      if (const T* what = std::any_cast<T>(&fact.what)) {
        found.push_back({fact.path, fact.place, *what});
      }
    }
    return found;
  }

 private:
  struct Fact {
    std::string path;
    Place place;
    std::any what;
  };
  std::vector<Fact> facts_;
};

}  // namespace stampede
