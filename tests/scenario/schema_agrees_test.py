#!/usr/bin/python3
# labels: once
"""The JSON Schema for editors and the reader of scenarios agree.

Both accept all scenarios/, tests/scenario/doubtful/ and whatever `stampede explain` prints of them.
Of tests/scenario/bad/ the reader refuses everything; what the schema lets pass of it must be of a
kind that no schema can see, which is listed below.
"""

import json
import pathlib
import re
import subprocess
import sys

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAMPEDE = pathlib.Path(sys.argv[1]).resolve()

# What a schema cannot see, by the words of the reader's message: "what; expected".
BEYOND_A_SCHEMA = {
    "names that lead nowhere, or are taken": (
        r"^there is no (component|queue|zone or region|region|type|traffic|traffic or component) '"
        r"|is the name of a component|has the name of (a|the experiment)|' in [a-z.-]*zones is not a name"
        r"|is a zone; |, which is traffic"),
    "files": r"^the file '",
    "who calls whom": (
        r"^nothing calls '|^no request reaches '|^requests go round|is a view of itself|is on the devices of users"
        r"|finds no cache to flush|, which is no service|^nobody sends requests of type '"
        r"|without a rate that is known|finds no cores to take|finds no copies to keep apart|finds no names"
        r"|finds no connections|finds nobody who leads|, which is a name and has no instances"),
    "flags and A/B tests": (
        r"^there is no flag|has no variant '|are more than a quarter of the users|compares two variants, but"
        r"|, of which nobody is|is the name of an A/B test|says nothing of the variant"),
    "sums": r"add up to|that do not add up|transitions needs for each state",
    "contradictions": (
        r"needs either|is not shorter than|is less than|is shorter than|is not above|go back"
        r"|is more than there are|and count are both given|or zone must be given|or when must be given"
        r"|has no workers|leaves no cold key"
        r"|is not a prime|do not ascend|is always 0|cuts the run into|says? how many users"
        r"|quantiles|has fewer than two|must name exactly two|must all be|name at least one"
        r"|is not longer than (delay|wait_time)|may hold more than|must be in the order of time"
        r"|has two pools for one target|has two entries for one target"
        r"|are two answers to one question|counts from `at`|is not longer than for|but not for how long"
        r"|or pause_per_request must be given|is of the links of `between`|without mtbf"
        r"|or per_second must be given|would strike without end|says when it strikes"
        r"|or for must be given with mtbf|must be given: a partition|has nothing to choose"
        r"|picks at random who strikes|must be given with toxicity or only|or mtbf must be given"
        r"|or phi must be given|are given besides"),
    "what an experiment can be asked": (
        r"is nothing to judge|does nothing to the system|is not for a step of an experiment"
        r"|does not say for how long|probes have a window|probes compare by '~'"
        r"|but there are no stop_conditions"),
    "instants beyond the run, places where nobody is":
        r"but the run ends at|is never looked at|strikes nobody",
    "limits of numbers with a unit": (
        r" is '[^']*'; expected .*(of|and) (at least|at most|more than|less than) [0-9.]+\S*"
        r"|expected how many times faster"),
    "whether null was written, or nothing": r" is empty; expected",
    "laws inside of the text of an expectation or a condition":
        r"^expect\.\d+ is |^faults\.\d+(\.\w+)?\.when is ",
    "numbers that mean two things": r"leading zeros|no hexadecimal|expected a whole number",
    "a key given twice": r"^duplicate key|is given twice",
    "what is not for one document, or not plain YAML": (
        r"^the tag '|^'<<' is given|second document|nested more than|aliases expand"
        r"|^this alias|control character|NUL byte|not UTF-8|is never closed|^not valid YAML"
        r"|used as a key"),
}


class Loader(yaml.SafeLoader):
    """YAML as editors read it: version 1.2, in which `yes`, 1:30 and 2001-01-01 are texts."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
        ("bool", r"^(true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
        ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
        ("float", r"^([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
                  r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$", "-+.0123456789"),
        ("merge", r"^<<$", "<")]:
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))
Loader.add_constructor("tag:yaml.org,2002:int",
                       lambda loader, node: int(loader.construct_scalar(node)))


def run(*arguments, text=None, folder=ROOT):
    return subprocess.run([STAMPEDE, *arguments], cwd=folder, input=text, capture_output=True,
                          check=False)


def validate(paths):
    """The errors of each file, as `what; expected ...; hint`."""
    output = json.loads(run("validate", "--format", "json", *map(str, paths)).stdout)
    errors = {str(path): [] for path in paths}
    for diagnostic in output["diagnostics"]:
        if diagnostic["severity"] == "error":
            text = diagnostic["summary"]
            text += "; " + diagnostic["detail"] if diagnostic["detail"] else ""
            errors[diagnostic["range"]["filename"]].append(text)
    return errors


def below(folder):
    return sorted(path.relative_to(ROOT) for path in (ROOT / folder).rglob("*.yaml"))


def load(text):
    """The tree of a text, or None if it has none, so that no schema is ever asked about it."""
    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, ValueError, RecursionError, UnicodeError):
        return None


def is_valid(validator, tree):
    try:
        return validator.is_valid(tree)
    except RecursionError:  # of the validator; editors have a limit too
        return False


def is_beyond_a_schema(error):
    return any(re.search(pattern, error) for pattern in BEYOND_A_SCHEMA.values())


def check_good(validator, paths):
    errors = validate(paths)
    for path in paths:
        yield from (f"{path}: the reader refuses it: {error}" for error in errors[str(path)])
        explained = run("explain", str(path)).stdout
        # Files that it names are looked for beside it, or in the current folder for standard input.
        again = run("validate", "-", text=explained, folder=(ROOT / path).parent)
        if again.returncode != 0:
            yield f"{path}, explained: the reader refuses it: {again.stderr.decode()}"
        for which, text in {"": (ROOT / path).read_bytes(), ", explained": explained}.items():
            found = jsonschema.exceptions.best_match(validator.iter_errors(load(text)))
            if found:
                yield f"{path}{which}: the schema refuses {found.json_path}: {found.message[:200]}"


def check_bad(validator, paths):
    errors = validate(paths)
    refused_by_both = 0
    for path in paths:
        if not errors[str(path)]:
            yield f"{path}: the reader accepts it"
        if "alias-bomb" in path.name:
            continue  # nor should we expand it
        tree = load((ROOT / path).read_bytes())
        if tree is None or not is_valid(validator, tree):
            refused_by_both += 1
            continue
        for error in errors[str(path)]:
            if not is_beyond_a_schema(error):
                yield f"{path}: only the reader refuses it: {error}"
    if refused_by_both < len(paths) / 2:
        yield f"the schema refuses only {refused_by_both} of {len(paths)} bad files"


def main():
    schema = json.loads(run("schema").stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    good = below("scenarios") + below("tests/scenario/doubtful")
    bad = below("tests/scenario/bad")
    mistakes = [*check_good(validator, good), *check_bad(validator, bad)]
    for mistake in mistakes:
        print(mistake)
    print(f"{len(good)} good and {len(bad)} bad files, {len(mistakes)} disagreements")
    sys.exit(1 if mistakes or not good or not bad else 0)


main()
