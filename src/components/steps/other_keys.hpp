#pragma once

#include <memory>

#include "stampede/model/step.hpp"
#include "stampede/random/keys.hpp"

namespace stampede {

/// The law of a step that is about other keys than that of the request being handled: the followers
/// of who wrote, the authors that somebody follows.
inline void describe_keys(Visitor& v, Choice<KeyLaw>& keys) {
  v.field("keys", keys,
          "another item each time, by this law; that of the request being handled unless given");
}

class OtherKeys {
 public:
  OtherKeys(const Choice<KeyLaw>& keys, const Step::Context& context)
      : law_(keys.has_value() ? keys.make({}) : nullptr), draws_(context.stream("keys")) {}

  /// The items are not that of the request being handled.
  bool are_given() const { return law_ != nullptr; }

  /// Gives a call that has luck of its own a key of its own; what was seen of the other key is no
  /// data of this one.
  void choose_for(Request& call) {
    if (law_) {
      Draw draw = draws_.at(call.luck);
      call.key = law_->sample(draw);
      call.stamp = DataStamp();
    }
  }

 private:
  std::unique_ptr<KeyLaw> law_;
  Stream draws_;
};

}  // namespace stampede
