"""Patterns of triggers, as the documentation of CodePipeline describes them."""

from __future__ import annotations

import pytest

from localcloud.pipelines import globs


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        # The documentation's own examples.
        ("*.java", ["A.java", ".java"], ["A.javac", "src/A.java"]),
        ("*.*", ["a.b", "."], ["ab", "a/b.c"]),
        ("*.{java,class}", ["A.java", "A.class"], ["A.{java,class}", "A.jar"]),
        ("foo.?", ["foo.c"], ["foo.", "foo.cc", "foo./"]),
        ("my-file.jar", ["my-file.jar"], ["lib/my-file.jar"]),
        ("directory/*", ["directory/a"], ["directory/a/b", "directory", "other/a"]),
        ("directory/**", ["directory/a", "directory/a/b"], ["directory", "directories/a"]),
        ("**", ["a", "a/b", ""], []),
        ("common/**/*.js", ["common/a/b.js", "common/a/b/c.js"], ["common/a.js", "common/a/b.ts"]),
        ("**/README.md", ["a/README.md", "a/b/README.md"], ["README.md", "aREADME.md"]),
        # The rest of the rules.
        ("services/{api,auth}/**", ["services/api/x", "services/auth/x/y"], ["services/apis/x"]),
        ("{a,}b", ["ab", "b"], ["a"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "-x", "x"]),
        ("[!a-c]x", ["dx"], ["ax", "/x"]),
        ("[-a]", ["-", "a"], ["b"]),
        ("[*?]", ["*", "?"], ["a"]),
        ("[^a]", ["^", "a"], ["b"]),
        (r"\*.md", ["*.md"], ["a.md"]),
        ("a,b}", ["a,b}"], ["a"]),
        ("*", [".hidden", "a b"], ["a/b"]),
        ("a+(b)|c", ["a+(b)|c"], ["ab", "c"]),
        ("main", ["main"], ["main2", "feature/main", "MAIN"]),
        ("release/*", ["release/1"], ["release/1/2", "release"]),
    ],
)
def test_a_pattern_describes_the_whole_name(pattern: str, fits: list[str], does_not: list[str]) -> None:
    assert [name for name in fits if not globs.matches(pattern, name)] == []
    assert [name for name in does_not if globs.matches(pattern, name)] == []


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("{a,{b,c}}", "nests"),
        ("{a,b", "does not close"),
        ("[ab", "does not close"),
        ("[/]", "slash"),
        ("[!]", "no characters"),
        ("[z-a]", "backwards"),
        ("a\\", "backslash"),
    ],
)
def test_a_pattern_that_means_nothing_is_refused_and_named(pattern: str, problem: str) -> None:
    with pytest.raises(globs.BadPattern, match=problem) as raised:
        globs.matches(pattern, "a")
    assert repr(pattern) in str(raised.value)
    assert globs.problem(pattern) == str(raised.value)


def test_excludes_win_over_includes_and_no_includes_are_everything_else() -> None:
    assert globs.selects(["a/**"], ["a/b/**"], "a/x")
    assert not globs.selects(["a/**"], ["a/b/**"], "a/b/x")
    assert not globs.selects(["a/**"], ["a/b/**"], "c")
    assert globs.selects([], ["a/**"], "c")
    assert not globs.selects(["a/**"], ["a/**"], "a/x")
