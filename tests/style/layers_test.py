#!/usr/bin/python3
# labels: once
"""The layers hold: every #include line agrees with the table in docs/ARCHITECTURE.md, libraries
come in through one door each, and CMakeLists.txt links the layers as the table says."""

import re

from source import ROOT, cpp_files, finish, line_of

# Which layers may include the headers of a library; None is every layer.
LIBRARIES = {
    "Eigen": {"analysis", "stats"},
    "Random123": {"random"},
    "boost/graph": {"analysis"},
    "boost/math": {"stats", "random"},
    "boost/program_options": {"cli"},
    "boost/random": {"random"},
    "boost/uuid": {"random"},
    "fmt": None,
    "nlohmann": {"base"},
    "xxhash.h": {"base"},
    "yaml-cpp": {"scenario"},
}


def read_table():
    """The table as {layer: set of layers that it may include}."""
    allowed = {}
    for line in (ROOT / "docs/ARCHITECTURE.md").read_text().splitlines():
        cells = [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]
        if len(cells) != 3 or not re.fullmatch(r"[a-z]+(, [a-z]+)*", cells[0]):
            continue
        if cells[0] == "layer":
            continue
        names = set() if cells[2] in ("–", "-", "") else set(cells[2].split(", "))
        for layer in cells[0].split(", "):
            allowed[layer] = names
    for layer, names in allowed.items():
        if names == {"all"}:
            allowed[layer] = set(allowed) - {layer}
    return allowed


def check_table(allowed):
    for layer, names in allowed.items():
        for name in sorted(names - set(allowed)):
            yield f"docs/ARCHITECTURE.md: layer {layer} may include '{name}', which is no layer"
    for folder in sorted((ROOT / "src").iterdir()):
        if folder.is_dir() and folder.name not in allowed:
            yield f"src/{folder.name}: is no layer of the table in docs/ARCHITECTURE.md"


def check_include(place, layer, path, form, target, allowed):
    if form == "<":
        for library, layers in LIBRARIES.items():
            if target == library or target.startswith(library + "/"):
                if layers is not None and layer not in layers:
                    yield f"{place}: <{target}> belongs to {' and '.join(sorted(layers))} only"
        if target.startswith("boost/") and layer not in {"random", "stats", "analysis", "cli"}:
            yield f"{place}: <{target}>: Boost belongs to random, stats, analysis and cli"
        if target.startswith("stampede/"):
            yield f"{place}: our own headers are included with quotes"
        return
    parts = target.split("/")
    if parts[0] == "stampede":
        other = parts[1]
        if not (ROOT / "include" / target).exists():
            yield f"{place}: {target} does not exist"
    elif (path.parent / target).exists():
        other = (path.parent / target).resolve().relative_to(ROOT / "src").parts[0]
    elif (ROOT / "src" / target).exists():
        other = parts[0]
    else:
        yield f"{place}: {target} does not exist"
        return
    if other != layer and other not in allowed.get(layer, set()):
        yield f"{place}: layer {layer} may not include {other} ({target})"


def check_includes(allowed, files):
    for path in files:
        place = path.relative_to(ROOT)
        # src/<layer>/… and include/stampede/<layer>/…
        layer = place.parts[1] if place.parts[0] == "src" else place.parts[2]
        text = path.read_text()
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', text, re.M):
            here = f"{place}:{line_of(text, match.start())}"
            yield from check_include(here, layer, path, match[1], match[2], allowed)


def check_cmake(allowed):
    text = (ROOT / "CMakeLists.txt").read_text()
    linked = {}
    for match in re.finditer(r"^stampede_layer\(([^)]*)\)", text, re.M):
        words = match[1].split()
        depends = []
        if "DEPENDS" in words:
            for word in words[words.index("DEPENDS") + 1:]:
                if word.isupper():
                    break
                depends.append(word)
        linked[words[0]] = set(depends)
    if set(linked) != set(allowed):
        difference = ", ".join(sorted(set(linked) ^ set(allowed)))
        yield f"CMakeLists.txt and docs/ARCHITECTURE.md do not have the same layers: {difference}"
    plugins = {"policies", "components", "faults", "controllers"}  # linked as Stampede::plugins
    for layer in sorted(set(linked) & set(allowed)):
        if linked[layer] != allowed[layer] - plugins:
            yield (f"CMakeLists.txt: {layer} depends on {sorted(linked[layer])}, "
                   f"but the table says {sorted(allowed[layer] - plugins)}")


def main():
    allowed = read_table()
    files = cpp_files("src", "include")
    mistakes = [*check_table(allowed), *check_includes(allowed, files), *check_cmake(allowed)]
    finish(mistakes, len(files) if allowed else 0)


main()
