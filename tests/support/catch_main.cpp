// Catch2's own main takes half a minute to compile: it is compiled here, once for all tests.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
