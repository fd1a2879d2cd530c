#include "stampede/report/yaml.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace stampede {
namespace {

constexpr std::size_t line_width = 80;

/// Whether YAML reads the plain text as a string, and as this one.
bool is_plain(std::string_view text) {
  static constexpr std::string_view harmless =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./%+()<>=~ ";
  if (text.empty() || text.front() == ' ' || text.back() == ' ' ||
      text.find_first_not_of(harmless) != std::string_view::npos) {
    return false;
  }
  const char first = text.front();
  if (std::isalpha(static_cast<unsigned char>(first)) != 0) {
    std::string word(text);
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    static constexpr std::string_view taken[] = {"null", "true", "false", "yes", "no", "on",
                                                 "off",  "y",    "n",     "inf", "nan"};
    return std::find(std::begin(taken), std::end(taken), word) == std::end(taken);
  }
  // "25%" and "4ms" are texts, "12", "1e3" and "0x10" are numbers.
  return std::isdigit(static_cast<unsigned char>(first)) != 0 && !text.starts_with("0x") &&
         text.find_first_not_of("0123456789.+-_eE") != std::string_view::npos;
}

std::string scalar(const Json& json) {
  if (json.is_string() && is_plain(json.get_ref<const std::string&>())) {
    return json.get<std::string>();
  }
  return json.dump();  // JSON's quoted strings are YAML's, too
}

bool is_nested(const Json& json) { return json.is_structured() && !json.empty(); }

/// The value in one line: `{a: 1, b: [2, 3]}`.
std::string flow(const Json& json) {
  if (!json.is_structured()) {
    return scalar(json);
  }
  std::string text;
  for (const auto& [key, value] : json.items()) {
    text += text.empty() ? "" : ", ";
    text += json.is_object() ? scalar(Json(key)) + ": " + flow(value) : flow(value);
  }
  return json.is_object() ? "{" + text + "}" : "[" + text + "]";
}

/// Lines of a map or list, each indented by `indent` but for the first, which goes on after what is
/// already there.
std::string block(const Json& json, std::size_t indent);

/// What follows "key:" or "-": the rest of the line, or lines of their own.
std::string member(const Json& value, std::size_t indent, std::size_t used) {
  if (!is_nested(value)) {
    return " " + flow(value) + "\n";
  }
  const std::string line = flow(value);
  const bool is_simple = std::none_of(value.begin(), value.end(), [](const Json& inner) {
    return is_nested(inner) && std::any_of(inner.begin(), inner.end(), is_nested);
  });
  if (is_simple && used + 1 + line.size() <= line_width) {
    return " " + line + "\n";
  }
  return "\n" + std::string(indent + 2, ' ') + block(value, indent + 2);
}

std::string block(const Json& json, std::size_t indent) {
  std::string text;
  const std::string margin(indent, ' ');
  for (const auto& [key, value] : json.items()) {
    text += text.empty() ? "" : margin;
    if (json.is_object()) {
      const std::string name = scalar(Json(key));
      text += name + ":" + member(value, indent, indent + name.size() + 1);
    } else if (is_nested(value) && indent + 2 + flow(value).size() > line_width) {
      text += "- " + block(value, indent + 2);
    } else {
      text += "- " + flow(value) + "\n";
    }
  }
  return text;
}

}  // namespace

std::string yaml_text(const Json& json) {
  return is_nested(json) ? block(json, 0) : flow(json) + "\n";
}

}  // namespace stampede
