#include "stampede/cli/main.hpp"

int main(int argc, char** argv) { return stampede::main_with(argc, argv); }
