"""A pack's configuration: what it says, what it may not say, and where each mistake stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.model import Diagnostic
from converter.pack import Config, load_config
from converter.pack.glob import matches_path

GOOD = """\
[pack]
name = "mine"
version = "1.2.0"
rules = "detections"
targets = ["elastic", "splunk"]

[targets.elastic]
interval = "10m"

[[accept]]
code = "T118"
targets = ["elastic"]
paths = ["detections/linux"]
until = "2027-01-31"
reason = "the field has one spelling here"

[check]
ignore = ["S003"]
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """An empty pack that no outer configuration reaches."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "detections" / "linux").mkdir(parents=True)
    return tmp_path


def config(pack: Path, text: str, name: str = "converter.toml") -> Config | list[tuple[str, int, int]]:
    """Return what a configuration says, or code, line and column of its mistakes."""
    (pack / name).write_text(text, encoding="utf-8")
    found = load_config(pack / "detections" / "linux")
    if isinstance(found, Config):
        return found
    assert all(isinstance(one, Diagnostic) and one.span for one in found)
    return [(one.code, one.span.line, one.span.column) for one in found if one.span]


def test_a_configuration_says_what_it_says(pack: Path) -> None:
    """Every key reaches the configuration; folders lie below the file's own."""
    found = config(pack, GOOD)
    assert isinstance(found, Config)
    assert (found.root, found.rules, found.output) == (pack, pack / "detections", pack / "output")
    assert (found.name, found.version, found.targets, found.ignore) == ("mine", "1.2.0", ("elastic", "splunk"), ("S003",))
    assert found.options == {"elastic": {"interval": "10m"}}
    accept = found.accepts[0]
    assert (accept.code, accept.until, accept.span and accept.span.line) == ("T118", "2027-01-31", 10)
    assert accept.covers("detections/linux/deep/x.yml", "elastic")
    assert not accept.covers("detections/linux/x.yml", "splunk")
    assert not accept.covers("detections/linux2/x.yml", "elastic")


def test_the_same_stands_in_pyproject(pack: Path) -> None:
    """``[tool.converter]`` says what converter.toml would."""
    text = GOOD.replace("[pack]", "[tool.converter.pack]").replace("[targets.", "[tool.converter.targets.")
    text = text.replace("[[accept]]", "[[tool.converter.accept]]").replace("[check]", "[tool.converter.check]")
    found = config(pack, text, "pyproject.toml")
    assert isinstance(found, Config)
    assert (found.name, found.accepts[0].reason) == ("mine", "the field has one spelling here")


def test_the_nearest_file_wins_and_git_ends_the_search(pack: Path) -> None:
    """A configuration beside the rules goes before one above; none is looked for above the repository."""
    (pack / "converter.toml").write_text('[pack]\nname = "outer"\n', encoding="utf-8")
    (pack / "pyproject.toml").write_text('[project]\nname = "x"\n', encoding="utf-8")
    inner = pack / "detections" / "converter.toml"
    inner.write_text('[pack]\nname = "inner"\n', encoding="utf-8")
    assert [load_config(place).name for place in (pack, inner.parent, inner.parent / "linux")] == ["outer", "inner", "inner"]  # type: ignore[union-attr]
    (inner.parent / "linux" / ".git").mkdir()
    assert load_config(inner.parent / "linux").file == ""  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[pack]\nrules = "../x"\n', [("P001", 2, 9)]),
        ('[pack]\noutput = "/tmp"\n', [("P001", 2, 10)]),
        ('[pack]\noutput = "."\n', [("P001", 2, 10)]),
        ('[pack]\noutput = "a\\\\..\\\\b"\n', [("P001", 2, 10)]),
        ('[pack]\ntargets = ["elastic", "pyton"]\n', [("P002", 2, 23)]),
        ('[[accept]]\ncode = "T118"\ntargets = ["elastik"]\nreason = "x"\n', [("P002", 3, 12)]),
        ('[targets.elastic]\nrule_id = "x"\n', [("P003", 2, 1)]),
        ('[targets.elastic]\nintervall = "5m"\n', [("R015", 2, 1)]),
        ("[targets.nothing]\n", [("P002", 1, 10)]),
        ('[[accept]]\ncode = "T118"\n', [("R013", 1, 3)]),
        ('[[accept]]\ncode = "T118"\nreason = "  "\n', [("R012", 3, 10)]),
        ('[[accept]]\ncode = "wider"\nreason = "x"\n', [("R012", 2, 8)]),
        ('[pak]\nname = "x"\n', [("R015", 1, 2)]),
        ('plugins = ["x"]\n', [("R015", 1, 1)]),
        ("[pack\n", [("R022", 1, 6)]),
    ],
)
def test_each_mistake_is_told_at_its_place(pack: Path, text: str, expected: list[tuple[str, int, int]]) -> None:
    """Wrong keys, targets, options and folders outside the pack are findings with line and column."""
    assert config(pack, text) == expected


def test_a_link_out_of_the_pack_is_outside(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder whose name lies in the pack and whose content does not is refused."""
    (pack / "away").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    assert config(pack, '[pack]\noutput = "away/output"\n') == [("P001", 2, 10)]


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("rules", "rules/a.yml", True),
        ("rules/a", "rules/ab.yml", False),
        ("rules/*/x.yml", "rules/a/x.yml", True),
        ("rules/*/x.yml", "rules/a/b/x.yml", False),
        ("rules/**/x.yml", "rules/x.yml", True),
        ("rules/**/x.yml", "rules/a/b/x.yml", True),
        ("**", "a", True),
        ("r*s/?.yml", "rules/a.yml", True),
        ("r*s/?.yml", "rules/ab.yml", False),
        ("*" * 200 + "b", "a" * 5000, False),
        ("", "a", False),
    ],
)
def test_patterns_of_paths(pattern: str, path: str, expected: bool) -> None:
    """A star stays within one folder, two stars do not, and a folder names what is below it."""
    assert matches_path(pattern, path) is expected
