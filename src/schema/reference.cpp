#include "stampede/schema/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "limits.hpp"
#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"

namespace stampede {
namespace {

std::string capitalized(std::string_view text) {
  std::string result(text);
  if (!result.empty() && result[0] >= 'a' && result[0] <= 'z') {
    result[0] = static_cast<char>(result[0] - 'a' + 'A');
  }
  return result;
}

/// A cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c == '|' ? "\\|" : c == '\n' ? " " : std::string(1, c);
  }
  return escaped;
}

/// JSON as a person would write it in YAML: no quotes where none are needed.
std::string plain(const Json& json) {
  if (json.is_string()) {
    return json.get<std::string>();
  }
  if (!json.is_structured()) {
    return json.dump();
  }
  std::string text;
  for (const auto& [key, value] : json.items()) {
    text += text.empty() ? "" : ", ";
    text += json.is_object() ? key + ": " + plain(value) : plain(value);
  }
  return json.is_object() ? "{" + text + "}" : "[" + text + "]";
}

std::string default_text(const Field& field) {
  if (field.is_required()) {
    return "required";
  }
  const Json standard = field.type.brief(field.value);
  if (standard.is_null()) {
    return "–";
  }
  if (standard == "" || (standard.is_structured() && standard.empty())) {
    return "–";
  }
  return "`" + plain(standard) + "`";
}

class TableVisitor final : public Visitor {
 public:
  std::string rows;
  std::vector<std::pair<std::string, const Type*>> fields;
  std::string short_field;

  void shorthand(std::string_view field) override { short_field = field; }

 protected:
  void visit(const Field& field) override {
    std::string meaning(field.meaning);
    const std::string limits = limits_text(field);
    if (!limits.empty()) {
      meaning += "; " + limits;
    }
    for (const Limit& limit : field.limits) {
      if (limit.kind == Limit::Kind::alias) {
        meaning += fmt::format("; also called `{}`", limit.alias);
      }
    }
    rows += fmt::format("| `{}` | {} | {} | {} |\n", field.name, cell(field.type.reference_text()),
                        cell(default_text(field)), cell(meaning));
    fields.emplace_back(std::string(field.name), &field.type);
  }
};

}  // namespace

void ReferenceWriter::section(const StructType& type, std::string_view title,
                              std::string_view text) {
  markdown_ += fmt::format("## {}\n\n", title);
  if (!text.empty()) {
    markdown_ += fmt::format("{}.\n\n", capitalized(text));
  }
  table(type);
}

void ReferenceWriter::table(const StructType& type) {
  // A struct inside itself has its table already.
  if (std::find(open_.begin(), open_.end(), &type) != open_.end()) {
    return;
  }
  // Below the top of a page or kind a table has a heading of its own: the path of keys.
  const bool nested = !open_.empty();
  if (nested) {
    markdown_ += fmt::format("### `{}`\n\n", path_);
    for (const auto& [documented, path] : documented_) {
      if (documented == &type) {
        markdown_ += fmt::format("The keys are those of `{}`, above.\n\n", path);
        return;
      }
    }
    documented_.emplace_back(&type, path_);
  }
  TableVisitor visitor;
  type.describe(visitor, type.make().get());
  if (visitor.fields.empty()) {
    markdown_ += "It has no settings.\n\n";
    return;
  }
  markdown_ += "| key | type | default | meaning |\n|---|---|---|---|\n" + visitor.rows + "\n";
  if (!visitor.short_field.empty()) {
    markdown_ +=
        fmt::format("Written without a map, the value is that of `{}`.\n\n", visitor.short_field);
  }
  open_.push_back(&type);
  for (const auto& [name, field_type] : visitor.fields) {
    this->nested(name, *field_type);
  }
  open_.pop_back();
}

void ReferenceWriter::nested(std::string_view key, const Type& type) {
  const std::size_t length_before = path_.size();
  path_ += (path_.empty() ? "" : ".") + std::string(key);
  type.document(*this);
  path_.resize(length_before);
}

std::string reference_page(const Type& type, std::string_view title, std::string_view text) {
  ReferenceWriter writer;
  writer.write(fmt::format("# {}\n\n", title));
  if (!text.empty()) {
    writer.write(fmt::format("{}\n\n", text));
  }
  type.document(writer);
  return writer.markdown();
}

std::string reference_section(const Kind& kind) {
  ReferenceWriter writer;
  writer.section(*kind.settings, kind.name, kind.meaning);
  return writer.markdown();
}

std::string reference_page(const AnyRegistry& registry) {
  std::string page = fmt::format("# {}\n\n", capitalized(registry.name()));
  if (!registry.kinds().empty()) {
    page += "| kind | what it is |\n|---|---|\n";
    for (const Kind* kind : registry.kinds()) {
      page += fmt::format("| [`{0}`](#{0}) | {1} |\n", kind->name, cell(kind->meaning));
    }
    page += "\n";
  }
  if (!registry.scalar_kind().empty()) {
    page += fmt::format("Any other value without a kind means `{}`.\n\n", registry.scalar_kind());
  }
  for (const Kind* kind : registry.kinds()) {
    page += reference_section(*kind);
  }
  return page;
}

}  // namespace stampede
