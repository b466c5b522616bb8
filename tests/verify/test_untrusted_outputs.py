"""What lies in output/ is not trusted: it is read by the target's reader, and never run before it is admitted."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.ir import FEATURES
from converter.model import Status
from converter.pack import Request, build, compile_rule, load_pack
from converter.targets import Capabilities, target
from converter.verify import verify

ROOT = Path(__file__).resolve().parent.parent.parent
RULE = ROOT / "rules/kubernetes/audit/user_exec_into_pod.yml"


def test_a_foreign_statement_is_shown_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module with a statement that the printer does not emit is refused with its line, and leaves no trace."""
    monkeypatch.chdir(tmp_path)
    build(Request([RULE], [target("python")], Path("output"), {}, frozenset()))
    path = Path("output/python/kubernetes/audit/user_exec_into_pod.py")
    sound = path.read_text(encoding="utf-8")
    line = sound.count("\n") + 1
    path.write_text(f"{sound}import os; os.mkdir({str(tmp_path / 'run')!r})\n", encoding="utf-8")
    verdict = verify(load_pack([RULE]), ["python"], Path("output"), "reader").verdicts[0]
    assert verdict.failed
    told = [one for one in verdict.diagnostics if one.code.startswith("R26")]
    assert [(one.span.path, one.span.line) for one in told if one.span] == [(path.as_posix(), line)]
    assert "V005" in {one.code for one in verdict.diagnostics}
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("name", "ending"), [("elastic", "toml"), ("splunk", "conf"), ("falco", "yaml"), ("python", "py")])
@pytest.mark.parametrize("damage", [b"", b"\xff\xfe\x00", b"[" * 20_000, b"a = '''"])
def test_a_damaged_output_is_told(name: str, ending: str, damage: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is no longer what it should be fails with a diagnostic."""
    monkeypatch.chdir(tmp_path)
    build(Request([RULE], [target(name)], Path("output"), {}, frozenset()))
    Path(f"output/{name}/kubernetes/audit/user_exec_into_pod.{ending}").write_bytes(damage)
    verdict = verify(load_pack([RULE]), [name], Path("output"), "reader").verdicts[0]
    assert verdict.failed
    assert verdict.diagnostics[0].span is not None


@pytest.mark.parametrize("name", ["elastic", "splunk"])
def test_an_unlisted_feature_is_unsupported(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that is taken out of the table takes the feature away."""
    import importlib

    module = importlib.import_module(f"converter.targets.{name}")
    sound = target(name).capabilities({})
    less = {
        key: Capabilities(key, {one: row for one, row in table.features.items() if one != "value.equals"}) for key, table in sound.items()
    }
    loaded = load_pack([RULE]).rules[0]
    assert compile_rule(loaded, target(name), {}, frozenset()).status is Status.EXACT
    monkeypatch.setattr(module, "tables", lambda _name: less)
    assert compile_rule(loaded, target(name), {}, frozenset()).status is Status.UNSUPPORTED


@pytest.mark.parametrize("name", ["elastic", "splunk", "falco", "python"])
def test_tables_speak_of_known_features(name: str) -> None:
    """A capability is one of the closed list."""
    for table in target(name).capabilities({}).values():
        assert set(table.features) <= set(FEATURES)
