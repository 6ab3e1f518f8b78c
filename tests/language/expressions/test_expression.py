"""Expressions: text to value, and text to rule and character."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.language.expressions.expression import parse, parse_header
from cnncalc.language.expressions.operations import ExpressionError

NAMES = {"a": 7, "b": 2, "half": 0.5, "flag": True, "channels": 64, "sizes": (1, 2, 3)}

VALUES: list[tuple[str, Any]] = [
    ("1", 1), ("0", 0), ("10", 10), ("2.5", 2.5), (".5", 0.5), ("5.", 5.0), ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9), ("7 // 2", 3), ("-7 // 2", -4), ("7 / 2", 3.5), ("8 / 2", 4.0),
    ("7 % 3", 1), ("-7 % 3", 2), ("2 ** 3 ** 2", 512), ("-2 ** 2", -4), ("2 ** -1", 0.5),
    ("- - 3", 3), ("+3", 3), ("1 - 2 - 3", -4), ("100 // 7 // 2", 7), ("2 * 3 % 4", 2),
    ("a", 7), ("a + b", 9), ("channels // 16", 4), ("half * a", 3.5), ("a // b * b", 6),
    ("a == 7", True), ("a != 7", False), ("1 < a <= 7", True), ("1 < a < 7", False),
    ("a > b and b > 1", True), ("a < b or flag", True), ("not flag", False),
    ("not a == 7", False), ("not not flag", True), ("flag and 3", True), ("0 or 0.0", False),
    ("true", True), ("false", False), ("true == 1", True), ("flag", True),
    ("min(3, a, b)", 2), ("max(a, 10)", 10), ("abs(b - a)", 5), ("ceil(7 / 2)", 4),
    ("floor(-0.5)", -1), ("round(2.5)", 2), ("round(3.5)", 4), ("max(1, a, 2, 3)", 7),
    ("make_divisible(37, 8)", 40), ("make_divisible(32 * 0.75, 8)", 24),
    ("make_divisible(3, 8)", 8), ("make_divisible(44, 8)", 48), ("make_divisible(65, 8)", 64),
    ("[1, a]", (1, 7)), ("[a, [b, 1]]", (7, (2, 1))), ("[]", ()), ("sizes", (1, 2, 3)),
    ("sizes * 2", (2, 4, 6)), ("2 * sizes + [1, 1, 1]", (3, 5, 7)), ("sizes // 2", (0, 1, 1)),
    ("'same'", "same"), ('"same" == \'same\'', True), ("a == 'same'", False),
    ("  1  +1 ", 2), ("1+-1", 0), ("9223372036854775807", 2**63 - 1),
    ("2 ** 62", 2**62), ("(1)", 1), ("((((1))))", 1),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES, ids=[row[0] for row in VALUES])
def test_value(text: str, value: Any) -> None:
    found = parse(text).evaluate(NAMES)
    assert found == value
    assert type(found) is type(value)


def test_names() -> None:
    assert parse("a + min(b, c) * [d] and not e").names == {"a", "b", "c", "d", "e"}
    assert parse("min(1, true)").names == set()


REFUSED: list[tuple[str, str, int]] = [
    ("", "bad-expression", 0), ("   ", "bad-expression", 3), ("1 +", "bad-expression", 3),
    ("1 2", "bad-expression", 2), ("(1", "bad-expression", 2), ("1)", "bad-expression", 1),
    ("[1", "bad-expression", 2), ("[1,, 2]", "bad-expression", 3), ("*1", "bad-expression", 0),
    ("a b", "bad-expression", 2), ("a = 1", "bad-expression", 2), ("a.b", "bad-expression", 1),
    ("a[0]", "bad-expression", 1), ("a()", "bad-expression", 0), ("f(1)", "bad-expression", 0),
    ("min()", "bad-expression", 0), ("min(a)", "bad-expression", 0), ("abs(1, 2)",
        "bad-expression", 0),
    ("round(1, 2)", "bad-expression", 0), ("1 // 0", "bad-expression", 2),
    ("1 / (a - 7)", "bad-expression", 2), ("1 % 0", "bad-expression", 2),
    ("0 ** -1", "bad-expression", 2), ("(-1) ** 0.5", "bad-expression", 5),
    ("1 < 'x'", "bad-expression", 2), ("flag + 1", "bad-expression", 5),
    ("'x' * 3", "bad-expression", 4), ("-'x'", "bad-expression", 0),
    ("sizes + [1, 2]", "bad-expression", 6), ("sizes < 3", "bad-expression", 6),
    ("max(sizes, 1)", "bad-expression", 0), ("min(flag, 1)", "bad-expression", 0),
    ("1 $ 2", "bad-expression", 2), ("1 ; 2", "bad-expression", 2), ("a @ b", "bad-expression", 2),
    ("a & b", "bad-expression", 2), ("~a", "bad-expression", 0), ("`a`", "bad-expression", 0),
    ("1 if a else 2", "bad-expression", 2), ("lambda x", "bad-expression", 7),
    ("'open", "bad-expression", 0), ("and", "bad-expression", 0), ("not", "bad-expression", 3),
    ("1 and", "bad-expression", 5), ("٣", "bad-expression", 0), ("a \\ b", "bad-expression", 2),
    ("make_divisible(1, 0)", "bad-expression", 0),
    ("nothing", "undefined-name", 0), ("1 + nothing", "undefined-name", 4),
    ("0x10", "bad-value", 0), ("1_000", "bad-value", 0), ("1kb", "bad-value", 0),
    ("3e", "bad-value", 0), ("007", "bad-value", 0), ("1 + 08", "bad-value", 4),
    ("99999999999999999999", "limit-exceeded", 0), ("2 ** 63", "limit-exceeded", 2),
    ("2 ** 65", "limit-exceeded", 2), ("10 ** 10 ** 10", "limit-exceeded", 3),
    ("9 ** 9 ** 9 ** 9", "limit-exceeded", 7), ("2 ** 62 * 2", "limit-exceeded", 8),
    ("1e308 * 10", "limit-exceeded", 0), ("1e999", "bad-expression", 0),
    ("1e18 * 100", "limit-exceeded", 5), ("2.0 ** 64.5", "limit-exceeded", 4),
    ("1.5 ** 100000", "limit-exceeded", 4), ("1 + " * 125 + "1", "limit-exceeded", 0),
    ("(" * 50 + "1" + ")" * 50, "limit-exceeded", 40), ("not " * 41 + "1", "limit-exceeded", 156),
    ("2 ** " * 50 + "1", "limit-exceeded", 197), ("[" * 50, "limit-exceeded", 40),
    ("min(" * 50, "limit-exceeded", 160),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rule", "offset"), REFUSED, ids=[r[0][:40] for r in REFUSED])
def test_refused(text: str, rule: str, offset: int) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text).evaluate(NAMES)
    assert (refused.value.rule, refused.value.offset) == (rule, offset)


HEADERS: list[tuple[str, str, list[tuple[str, Any]]]] = [
    ("unit", "unit", []),
    ("unit()", "unit", []),
    ("unit(a)", "unit", [("a", None)]),
    (" unit ( a , b = 1 ) ", "unit", [("a", None), ("b", 1)]),
    ("unit(a, b=2 * 3, c=[1, 2])", "unit", [("a", None), ("b", 6), ("c", (1, 2))]),
    ("unit(a=min(1, 2), b='same')", "unit", [("a", 1), ("b", "same")]),
]


@pytest.mark.parametrize(("text", "name", "parameters"), HEADERS, ids=[row[0] for row in HEADERS])
def test_header(text: str, name: str, parameters: list[tuple[str, Any]]) -> None:
    found, declared = parse_header(text)
    assert found == name
    assert [
        (one.name, None if one.default is None else one.default.evaluate({})) for one in declared
    ] == parameters


BAD_HEADERS = [
    ("", 0), ("2unit", 0), ("unit(", 5), ("unit(a", 6), ("unit(a,", 7), ("unit(a b)", 7),
    ("unit(1)", 5), ("unit(a=)", 7), ("unit(a) b", 8), ("unit)", 4), ("unit(a, a)", 8),
    ("unit(a=1, b)", 11), ("unit(min)", 8), ("unit(channels)", 13), ("unit(true)", 9),
]  # fmt: skip


@pytest.mark.parametrize(("text", "near"), BAD_HEADERS, ids=[row[0] for row in BAD_HEADERS])
def test_bad_header(text: str, near: int) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse_header(text)
    assert abs(refused.value.offset - near) <= 8
    assert refused.value.rule == "bad-expression"


# -- any text ----------------------------------------------------------------------------------

pieces = st.sampled_from(
    ["1", "2.5", "a", "b", "flag", "(", ")", "[", "]", ",", "+", "-", "*", "/", "//", "%", "**",
     "<", "==", "and", "or", "not", "min(", "'x'", " "]
)  # fmt: skip


@given(st.text(max_size=60) | st.lists(pieces, max_size=25).map(" ".join))
def test_any_text_gives_a_value_or_a_finding(text: str) -> None:
    rules = ("bad-expression", "bad-value", "undefined-name", "limit-exceeded")
    value, error = tried(text, NAMES)
    if error is not None:
        assert 0 <= error.offset <= len(text)
        assert error.rule in rules
    for one in value if isinstance(value, tuple) else (value,):
        if type(one) in (int, float):
            assert abs(one) < 2**63


def tried(text: str, names: dict[str, Any]) -> tuple[Any, ExpressionError | None]:
    """An expression's value, or what is wrong with it."""
    try:
        return parse(text).evaluate(names), None
    except ExpressionError as error:
        return None, error


arithmetic = st.recursive(
    st.integers(0, 50).map(str),
    lambda inner: st.tuples(
        inner, st.sampled_from(["+", "-", "*", "//", "%", "<", "=="]), inner
    ).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=12,
)


@given(arithmetic)
def test_arithmetic_is_pythons(text: str) -> None:
    found, error = tried(text, {})
    try:
        expected = eval(text)  # numbers, brackets and six operators
    except ZeroDivisionError:
        expected = None
    if error is None:
        assert found == expected
    else:
        typed = "works on numbers" in error.message or "compares numbers" in error.message
        assert expected is None or typed
