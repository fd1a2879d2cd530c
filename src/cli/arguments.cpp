#include "arguments.hpp"

#include <fmt/format.h>

#include <boost/program_options/parsers.hpp>

#include "stampede/base/text.hpp"

namespace stampede {
namespace po = boost::program_options;

namespace {

std::vector<std::string> names_of(const po::options_description& options) {
  std::vector<std::string> names;
  for (const auto& option : options.options()) {
    names.emplace_back("--" + option->long_name());
  }
  return names;
}

}  // namespace

Arguments::Arguments(const po::options_description& options,
                     const std::vector<std::string>& words) {
  namespace style = po::command_line_style;
  // No guessing: a beginning of an option is a mistake, not that option.
  const int rules = style::unix_style & ~style::allow_guessing;
  try {
    // One operand after the other under no name, so that any number is accepted here.
    po::positional_options_description positions;
    positions.add("operand", -1);
    po::options_description all;
    all.add(options);
    all.add_options()("operand", po::value<std::vector<std::string>>());
    po::store(po::command_line_parser(words).options(all).positional(positions).style(rules).run(),
              values_);
    operands_ = texts("operand");
  } catch (const po::unknown_option& unknown) {
    const std::string name = unknown.get_option_name();
    throw UsageError(
        fmt::format("unknown option '{}'{}", name, suggestion(name, names_of(options))));
  } catch (const po::error& wrong) {
    throw UsageError(wrong.what());
  }
}

std::optional<std::string> Arguments::text(const std::string& option) const {
  if (!has(option)) {
    return std::nullopt;
  }
  return values_[option].as<std::string>();
}

std::vector<std::string> Arguments::texts(const std::string& option) const {
  return has(option) ? values_[option].as<std::vector<std::string>>() : std::vector<std::string>{};
}

std::optional<std::int64_t> Arguments::integer(const std::string& option,
                                               std::int64_t least) const {
  const std::optional<std::string> given = text(option);
  if (!given) {
    return std::nullopt;
  }
  const Parsed<std::int64_t> number = parse_integer(*given);
  constexpr std::int64_t most = 1'000'000;
  if (!number.value || *number.value < least || *number.value > most) {
    throw UsageError(fmt::format("--{} is '{}'; expected a whole number from {} to {}", option,
                                 *given, least, most));
  }
  return number.value;
}

std::optional<std::uint64_t> Arguments::count(const std::string& option) const {
  const std::optional<std::string> given = text(option);
  if (!given) {
    return std::nullopt;
  }
  const Parsed<std::uint64_t> number = parse_count(*given);
  if (!number.value) {
    throw UsageError(
        fmt::format("--{} is '{}'; expected a whole number from 0 to 2^64 - 1", option, *given));
  }
  return number.value;
}

std::string Arguments::word(const std::string& option,
                            const std::vector<std::string>& words) const {
  const std::string given = text(option).value_or(words.front());
  for (const std::string& word : words) {
    if (word == given) {
      return given;
    }
  }
  throw UsageError(fmt::format("--{} is '{}'; expected {}{}", option, given, one_of(words, given),
                               suggestion(given, words)));
}

std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
  const std::string match = closest_match(word, known);
  return match.empty() ? std::string() : "; did you mean '" + match + "'?";
}

}  // namespace stampede
