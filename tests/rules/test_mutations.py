"""A seeded sample of mutated files; `tests/rules/mutation.py` runs as many as one likes."""

from __future__ import annotations

import pytest

from rules.mutation import LARGEST_MENDED, check, check_fixes, mutants, refused

SAMPLE = list(mutants(400, seed=20))


@pytest.mark.parametrize("part", range(8))
def test_mutants(part: int) -> None:
    for text in SAMPLE[part::8]:
        try:
            findings = check(text)
            if len(text) < LARGEST_MENDED and any(fix.edits for f in findings for fix in f.fixes):
                check_fixes(text)
                assert refused(text, findings) == []
        except Exception as error:
            raise AssertionError(f"{error}\n{text}") from error
