#pragma once

#include <string>

#include "stampede/analysis/topology.hpp"

namespace stampede {

/// The topology for Graphviz: `stampede graph FILE | dot -Tsvg`.
std::string dot_text(const Topology& topology);

/// The topology for Mermaid, which many Markdown viewers draw.
std::string mermaid_text(const Topology& topology);

}  // namespace stampede
