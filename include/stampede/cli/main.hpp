#pragma once

namespace stampede {

/// The whole program `stampede`; gives its exit code.
int main_with(int argc, char** argv);

}  // namespace stampede
