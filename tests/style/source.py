"""What the style checks share: which files there are, and C++ text without comments and strings."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def cpp_files(*folders):
    """All .hpp and .cpp files below the folders of the repository, in a fixed order."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.[ch]pp"))


_QUIET = re.compile(
    r'//[^\n]*|/\*.*?\*/'                           # comments
    r'|R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"'  # raw strings
    r'|"(?:\\.|[^"\\\n])*"'                         # strings
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",        # characters, but not 1'000
    re.DOTALL)


def code_only(text):
    """The text with comments and literals blanked; every character keeps its line and column."""
    return _QUIET.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def finish(mistakes, checked):
    """Prints the mistakes, or what was checked, and ends with the exit status of a test."""
    for mistake in mistakes:
        print(mistake)
    if not checked:
        print("nothing was checked: the files are not where this check looks for them")
    else:
        print(f"{checked} checked, {len(mistakes)} mistakes")
    sys.exit(0 if checked and not mistakes else 1)
