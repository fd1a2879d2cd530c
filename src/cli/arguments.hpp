#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace stampede {

/// The command line is wrong; the text says how, and the program ends with exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The words after a subcommand, sorted into options and operands.
class Arguments {
 public:
  /// Options are known by `options`; throws UsageError for others, with a suggestion.
  Arguments(const boost::program_options::options_description& options,
            const std::vector<std::string>& words);

  const std::vector<std::string>& operands() const { return operands_; }

  /// Whether a flag was given.
  bool has(const std::string& option) const { return values_.count(option) != 0; }
  /// The value of an option, if it was given.
  std::optional<std::string> text(const std::string& option) const;
  /// All values of a repeatable option.
  std::vector<std::string> texts(const std::string& option) const;
  /// A whole number of at least `least`.
  std::optional<std::int64_t> integer(const std::string& option, std::int64_t least) const;
  /// A whole number from 0 up to 2^64 - 1.
  std::optional<std::uint64_t> count(const std::string& option) const;
  /// One of some words; the first unless given.
  std::string word(const std::string& option, const std::vector<std::string>& words) const;

 private:
  boost::program_options::variables_map values_;
  std::vector<std::string> operands_;
};

/// ", did you mean 'x'?" or nothing.
std::string suggestion(const std::string& word, const std::vector<std::string>& known);

}  // namespace stampede
