#include "stampede/schema/reader.hpp"

#include <algorithm>
#include <utility>

namespace stampede {

void Reader::error(const Place& place, std::string what, std::string expected, std::string hint) {
  ++errors_;
  problems_.push_back(
      {Severity::error, place, std::move(what), std::move(expected), std::move(hint)});
}

void Reader::warning(const Place& place, std::string what, std::string expected, std::string hint) {
  const bool was_told =
      inheriting_ > 0 && std::any_of(problems_.begin(), problems_.end(), [&](const Problem& known) {
        return known.severity == Severity::warning && known.hint == hint &&
               known.expected == expected && known.place.line == place.line &&
               known.place.column == place.column;
      });
  if (was_told) {
    return;
  }
  problems_.push_back(
      {Severity::warning, place, std::move(what), std::move(expected), std::move(hint)});
}

void Reader::mismatch(const Value& value, std::string expected, std::string hint) {
  const std::string subject = path_.empty() ? "the document" : path_;
  error(value.place, subject + " is " + summary(value), std::move(expected), std::move(hint));
}

void Reader::mismatch(const Value& value, const Type& expected, std::string hint) {
  const bool here = path_ == expecting_path_;
  std::string text = expected.text();
  if (here) {
    text += expecting_limits_;
  }
  if (hint.empty() && !expected.example().empty()) {
    text += ", such as " + expected.example();
  }
  if (here && !expecting_alternative_.empty()) {
    text += ", or " + expecting_alternative_;
  }
  mismatch(value, std::move(text), std::move(hint));
}

void Reader::refer(std::string name, Place place) {
  references_.push_back({std::move(name), std::move(place), path_});
}

void Reader::declare(std::any fact, Place place) {
  facts_.add(path_, std::move(place), std::move(fact));
}

std::string Reader::in_path() const { return path_.empty() ? "" : " in " + path_; }

std::string Reader::path_of(std::string_view step) const {
  return path_.empty() ? std::string(step) : path_ + "." + std::string(step);
}

Reader::Step::Step(Reader& reader, std::string_view step)
    : reader_(reader), length_before_(reader.path_.size()) {
  if (!reader_.path_.empty()) {
    reader_.path_ += '.';
  }
  reader_.path_ += step;
}

Reader::Step::~Step() { reader_.path_.resize(length_before_); }

Reader::Expecting::Expecting(Reader& reader, std::string limits, std::string alternative)
    : reader_(reader),
      path_before_(reader.expecting_path_),
      limits_before_(reader.expecting_limits_),
      alternative_before_(reader.expecting_alternative_) {
  // A shorthand reads its field where the thing itself stands: both expectations hold there.
  const bool same_place = reader.expecting_path_ == reader.path_;
  reader_.expecting_path_ = reader.path_;
  if (!same_place || !limits.empty()) {
    reader_.expecting_limits_ = std::move(limits);
  }
  if (!same_place || !alternative.empty()) {
    reader_.expecting_alternative_ = std::move(alternative);
  }
}

Reader::Expecting::~Expecting() {
  reader_.expecting_path_ = std::move(path_before_);
  reader_.expecting_limits_ = std::move(limits_before_);
  reader_.expecting_alternative_ = std::move(alternative_before_);
}

}  // namespace stampede
