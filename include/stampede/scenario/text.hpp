#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stampede/base/problem.hpp"
#include "stampede/schema/value.hpp"

namespace stampede {

/// Texts beyond this are refused: a scenario is written by people, and a parser may need hundreds
/// of times the size of a hostile one.
inline constexpr std::size_t max_text_bytes = std::size_t{4} << 20;

/// YAML as a tree of Values with 1-based places in `file`. Everything that is wrong with it becomes
/// a Problem; nothing is thrown whatever the bytes are. None if the text has no tree at all. One
/// document; duplicate keys, tags, anchors that contain themselves and aliases that expand beyond
/// a budget are errors; `<<` merges maps as YAML 1.1 says.
std::optional<Value> read_yaml(std::string_view text, const std::string& file, Problems& problems);

/// The same from a file on disk. The text that was read is left in `*text` for messages.
std::optional<Value> read_yaml_file(const std::string& path, Problems& problems,
                                    std::string* text = nullptr);

/// Applies "path=value" of `--set` to a tree: "app.replicas=6", "run.duration=5m",
/// "app.handlers.checkout.0.compute=6ms". The first part is a section of the scenario, or the name
/// of a component or of a population of traffic. Values are YAML in one line. Missing members of
/// maps are made; an index out of range, or a path into a scalar, is a Problem at "--set".
void apply_setting(Value& root, std::string_view path_equals_value, Problems& problems);

}  // namespace stampede
