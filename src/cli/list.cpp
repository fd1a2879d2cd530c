#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "command.hpp"
#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/report/result_json.hpp"
#include "stampede/schema/reference.hpp"
#include "stampede/schema/registry.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

namespace po = boost::program_options;

constexpr std::string_view about =
    "Lists what scenarios can name: components, policies, faults, distributions, ...\n"
    "\n"
    "  stampede list\n"
    "  stampede list component\n"
    "  stampede list load-balancing-policy --describe least_request\n";

po::options_description options() {
  po::options_description options = command_options();
  options.add_options()("describe", po::value<std::string>()->value_name("NAME"),
                        "the settings of one of them")(
      "format", po::value<std::string>()->value_name("FORMAT"), "text or json");
  return options;
}

std::string without_plural(std::string word) {
  if (word.ends_with("ies")) {
    return word.substr(0, word.size() - 3) + "y";
  }
  if (word.ends_with('s') && !word.ends_with("ss")) {
    word.pop_back();
  }
  return word;
}

/// The registries of that name ("load balancing policies", "load-balancing-policy"), or all.
std::vector<const AnyRegistry*> registries_named(const std::vector<std::string>& operands) {
  if (operands.empty()) {
    return all_registries();
  }
  std::string wanted = operands[0];
  std::replace(wanted.begin(), wanted.end(), ' ', '-');
  std::replace(wanted.begin(), wanted.end(), '_', '-');
  std::vector<std::string> slugs;
  for (const AnyRegistry* registry : all_registries()) {
    if (registry->slug() == wanted || registry->slug() == without_plural(wanted)) {
      return {registry};
    }
    slugs.push_back(registry->slug());
  }
  throw UsageError(fmt::format("nothing is called '{}'; expected {}{}", operands[0],
                               one_of(slugs, wanted), suggestion(wanted, slugs)));
}

std::string listing(const std::vector<const AnyRegistry*>& registries) {
  std::string lines;
  for (const AnyRegistry* registry : registries) {
    lines += (lines.empty() ? "" : "\n") + registry->name() + "\n";
    for (const Kind* kind : registry->kinds()) {
      lines += fmt::format("  {:<24}  {}\n", kind->name, kind->meaning);
    }
  }
  return lines;
}

Json listing_json(const std::vector<const AnyRegistry*>& registries) {
  Json kinds = Json::array();
  for (const AnyRegistry* registry : registries) {
    for (const Kind* kind : registry->kinds()) {
      kinds.push_back(
          {{"registry", registry->name()}, {"name", kind->name}, {"meaning", kind->meaning}});
    }
  }
  return {{"schema_version", 1}, {"kinds", std::move(kinds)}};
}

/// The reference of every kind of that name: a law of durations and an arrival process may share
/// it.
std::string description(const std::vector<const AnyRegistry*>& registries,
                        const std::string& name) {
  std::string sections;
  std::vector<std::string> names;
  for (const AnyRegistry* registry : registries) {
    for (const Kind* kind : registry->kinds()) {
      names.push_back(kind->name);
    }
    if (const Kind* kind = registry->find(normalized_word(name))) {
      sections += "# " + registry->name() + "\n\n" + reference_section(*kind);
    }
  }
  if (sections.empty()) {
    throw UsageError(fmt::format("nothing is called '{}'{}", name, suggestion(name, names)));
  }
  return sections;
}

int run(const Arguments& arguments) {
  const std::string format = arguments.word("format", {"text", "json"});
  const std::vector<const AnyRegistry*> registries = registries_named(arguments.operands());
  if (const auto name = arguments.text("describe")) {
    print(description(registries, *name));
  } else if (format == "json") {
    print(json_text(listing_json(registries)));
  } else {
    print(listing(registries));
  }
  return exit_ok;
}

}  // namespace

const Command list_command{"list",
                           "list components, policies, faults, distributions, ...",
                           "[KIND] [OPTION]...",
                           about,
                           0,
                           1,
                           options,
                           run};

}  // namespace stampede
