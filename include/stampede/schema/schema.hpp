#pragma once

// Everything that a settings struct with a describe(), or a plug-in, needs.
#include "stampede/base/units.hpp"
#include "stampede/schema/codec.hpp"
#include "stampede/schema/reader.hpp"
#include "stampede/schema/registry.hpp"
#include "stampede/schema/visitor.hpp"
