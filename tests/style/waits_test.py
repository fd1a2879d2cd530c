#!/usr/bin/python3
# labels: once
"""A wait stands alone: `co_await x;`, `auto name = co_await x;` or `name = co_await x;`.

g++ 12.2 silently miscompiles waits inside conditions, ?:, &&, ||, loop heads and arguments, and
destroys temporaries made with braces (aggregates, lambdas with captures) twice inside one. A
`co_return` obeys the same: no ?:, &&, ||, braces or waits in what it gives back. A coroutine lambda
has no captures: they die with the lambda, not with the coroutine."""

import re

from source import ROOT, code_only, cpp_files, finish, line_of

# What may stand between the beginning of a statement and its co_await: a new or an old name.
BEFORE = re.compile(r"(?:(?:const )?[\w:]+(?:<[\w:<>,&* ]*>)?(?:&&|[&*])? )?[\w.\->\[\]]+ = ")
AFTER_FORBIDDEN = re.compile(r"\?|&&|\|\||\{|\bco_await\b|\[[^\]]*\] ?\(")


def one_line(text):
    return " ".join(text.split())


def statement_around(code, begin, end):
    """What stands before and after code[begin:end] in its statement."""
    start = max(code.rfind(mark, 0, begin) for mark in ";{}") + 1
    stop = code.find(";", end)
    before = re.sub(r"^(?:case [\w:]+|default):(?!:)", "",
                    one_line(code[start:begin]) + " ").lstrip()
    return before, one_line(code[end:stop if stop >= 0 else len(code)])


def bodies_of_capturing_lambdas(code):
    for match in re.finditer(r"(?<![\w\])])\[(?!\[)\s*([^\]\s][^\]]*)\]\s*\([^{};]*\{", code):
        depth, position = 1, match.end()
        while depth and position < len(code):
            depth += {"{": 1, "}": -1}.get(code[position], 0)
            position += 1
        yield match.start(), code[match.end():position]


def mistakes_in(text):
    """(line, what is wrong) of every wait that does not stand alone."""
    code = code_only(text)
    for match in re.finditer(r"\bco_await\b", code):
        before, after = statement_around(code, match.start(), match.end())
        if re.search(r"\boperator $", before):
            continue
        head = code[max(code.rfind(mark, 0, match.start()) for mark in "{}") + 1:match.start()]
        in_parentheses = head.count("(") > head.count(")")
        if in_parentheses or (before and not BEFORE.fullmatch(before)):
            yield line_of(code, match.start()), f"the wait does not stand alone: {before}co_await"
        elif AFTER_FORBIDDEN.search(after):
            yield line_of(code, match.start()), f"name the parts of this wait first: {after}"
    for match in re.finditer(r"\bco_return\b", code):
        _, after = statement_around(code, match.start(), match.end())
        if AFTER_FORBIDDEN.search(after):
            yield line_of(code, match.start()), f"name what is returned first: {after}"
    for position, body in bodies_of_capturing_lambdas(code):
        if re.search(r"\bco_(await|return|yield)\b", body):
            yield line_of(code, position), "a coroutine lambda with captures"


GOOD = [
    "void f() { co_await x; }",
    "void f() { auto name = co_await x.within(5_ms); }",
    "void f() { const Response response = co_await reply; }",
    "void f() { std::vector<int> v = co_await all(a, b); }",
    "void f() { response = co_await reply; }",
    "switch (k) { case Kind::a: co_await x; }",
    "Awaiter operator co_await() const;",
    "// if (co_await x) {}\nconst char* s = \"f(co_await x)\";",
    "Task<int> f() { co_return; }",
    "Task<int> f() { co_return response; }",
    "Task<int> f() { co_return Outcome::ok; }",
    "Task<int> f() { co_return Response::with(Outcome::timeout); }",
    "auto make = [](Simulation& s) -> Task<> { co_await s.delay(1_s); };",
    "values[index](3); co_await x;",
]
BAD = [
    "void f() { if (co_await x) {} }",
    "void f() { while (co_await x) {} }",
    "void f() { g(co_await x); }",
    "void f() { auto y = a ? co_await x : z; }",
    "void f() { auto y = co_await (a ? x : z); }",
    "void f() { bool y = a && co_await x; }",
    "void f() { return co_await x; }",
    "void f() { co_return co_await x; }",
    "void f() { int y = (co_await x).value; }",
    "void f() { int y = 1 + co_await x; }",
    "void f() { co_await Timer{5}; }",
    "void f() { co_await run([a](int) { return a; }); }",
    "void f() { for (auto y : co_await x) {} }",
    "void f() { for (; co_await x;) {} }",
    "void f() { if (a) co_await x; }",
    "Task<int> f() { co_return Response{1}; }",
    "Task<int> f() { co_return a ? b : c; }",
    "auto make = [&s](int) -> Task<> { co_await s.delay(1_s); };",
]


def check_itself():
    for text in GOOD:
        if list(mistakes_in(text)):
            yield f"this check rejects what is right: {text}: {list(mistakes_in(text))}"
    for text in BAD:
        if not list(mistakes_in(text)):
            yield f"this check overlooks: {text}"


def main():
    files = cpp_files("src", "include", "tests", "bench")
    mistakes = list(check_itself())
    for path in files:
        for line, what in mistakes_in(path.read_text()):
            mistakes.append(f"{path.relative_to(ROOT)}:{line}: {what}")
    finish(mistakes, len(files))


main()
