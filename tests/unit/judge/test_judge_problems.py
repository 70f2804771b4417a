"""Every mistake in a rule file is told to the letter, at its line and column."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.judge.rulebook import Rulebook, digest_of, read

ROOT = Path(__file__).parents[3]
TEXTS = {path.name: path.read_text() for path in sorted((ROOT / "rules").glob("*.toml"))}

ALLOW = """[[allow]]
id = "court-filing"
who = ["clerk", "solicitor"]
to = ["courts"]
labels = ["office"]
by = ["mail"]
until = 2027-03-31
owner = "ruth@town.test"
because = "E-filing protocol."
"""


def told(**changed: str | None) -> list[str]:
    """The problems of the example folder with some files replaced, or taken away."""
    texts = {**TEXTS, **{name.replace("_", ".") + ".toml": text for name, text in changed.items()}}
    found = read({name: text for name, text in texts.items() if text is not None})
    return [str(problem) for problem in (found.warnings if isinstance(found, Rulebook) else found)]


def swapped(name: str, old: str, new: str) -> list[str]:
    assert old in TEXTS[f"{name}.toml"]
    return told(**{name: TEXTS[f"{name}.toml"].replace(old, new, 1)})


def only(text: str) -> list[str]:
    """Problems of a transfers.toml of one allow; the example's own tests left out."""
    return told(transfers=text, transfers_test=None)


def test_the_example_has_nothing_to_mend() -> None:
    """No problem and no warning: partners may hand papers in, so an allow reaches staff."""
    assert [] == told()


def test_rules_that_let_nothing_in_are_warned_of() -> None:
    """An office may want that; it should not find out by what does not come."""
    warning = (
        "rules/transfers.toml:1:1  no [[allow]] reaches staff: nothing from outside, and nothing between colleagues, "
        "comes in"
    )
    assert [warning] == swapped("transfers", 'to = ["staff"]', 'to = ["courts"]')


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"solicitor"]', '"solicitr"]', '3:17  unknown role "solicitr"; did you mean "solicitor"?'),
        ("labels =", "labls =", '5:1  unknown key "labls" in [[allow]]; did you mean "labels"?'),
        ("until = 2027-03-31\n", "", '1:1  [[allow]] needs "until" (a date such as 2027-03-31)'),
        ("2027-03-31", '"2027-03-31"', '7:9  "until" must be a date without quotes, such as 2027-03-31'),
        ("2027-03-31", "2027-03-31T08:00:00", '7:9  "until" must be a date without quotes, such as 2027-03-31'),
        ('["courts"]', '["court"]', '4:7  unknown group "court"; did you mean "courts"?'),
        ('["courts"]', '["partner:curt"]', '4:7  unknown group "partner:curt"; did you mean "partner:court"?'),
        ('["office"]', '"ofice"', '5:10  unknown label "ofice"; did you mean "office"?'),
        ('["office"]', "[]", '5:10  "labels" must not be an empty list; leave it out to mean anything'),
        ('["office"]', "[1]", '5:11  "labels" must be one line of text in quotes, of at most 500 characters'),
        ('["mail"]', '["emial"]', '6:7  unknown way "emial"; did you mean "mail"?'),
        ("ruth@", "rut@", '8:9  unknown person "rut@town.test"; did you mean "ruth@town.test"?'),
        ("owner =", 'when = "agreement-curent"\nowner =',
         '8:8  unknown fact "agreement-curent"; did you mean "agreement-current"?'),
        ("owner =", 'mode = "wach"\nowner =', '8:8  unknown word "wach"; did you mean "watch"?'),
        ("owner =", 'unless = ["first-contact"]\nowner =', '8:1  unknown key "unless" in [[allow]]'),
        ("owner =", "seldom = 1\nowner =", '8:10  "seldom" must be true or false'),
        ("court-filing", "Court filing",
         '2:6  "Court filing" is not a name of lower-case letters, digits and hyphens, such as "court-filing"'),
        ("court-filing", "gateway-note", '2:6  id "gateway-note" is already used by the gateway'),
        ("court-filing", "redlines", '2:6  id "redlines" is already used by'),
        ("[[allow]]", "[[alow]]", '1:1  unknown key "alow" in this file; did you mean "allow"?'),
        ("because =", "because", "9:9  not TOML: expected '=' after a key in a key/value pair"),
    ],
)  # fmt: skip
def test_a_slip_in_an_allow_is_told_where_it_stands(old: str, new: str, expected: str) -> None:
    """The column is the offending value's, even in a list; the nearest known word is offered."""
    lines = only(ALLOW.replace(old, new, 1))

    if "redlines" in expected:
        assert ['rules/metadata.toml:5:6  id "redlines" is already used by rules/transfers.toml:2'] == lines
    else:
        assert [f"rules/transfers.toml:{expected}"] == lines


def test_all_problems_are_told_at_once() -> None:
    """Three slips in two tables, in the order they stand."""
    first = ALLOW.replace("solicitor", "solicitr").replace('"mail"', '"post"')
    second = ALLOW.replace("court-filing", "second").replace("until = 2027-03-31\n", "")

    lines = only(first + second)

    assert [
        'rules/transfers.toml:3:17  unknown role "solicitr"; did you mean "solicitor"?',
        'rules/transfers.toml:6:7  unknown way "post"',
        'rules/transfers.toml:10:1  [[allow]] needs "until" (a date such as 2027-03-31)',
    ] == [line for line in lines if "transfers.toml" in line]


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("approval-by hed", '4:9  unknown role "hed"; did you mean "head"?'),
        ("delay soon", '4:9  "delay soon" needs a duration such as "delay 15m"'),
        ("encrypt", '4:9  unknown demand "encrypt"'),
        ("strip-metdata", '4:9  unknown demand "strip-metdata"; did you mean "strip-metadata"?'),
    ],
)
def test_an_unknown_demand_is_told(then: str, expected: str) -> None:
    """What a require asks for comes from a closed list."""
    text = f'[[require]]\nid = "careful"\nbecause = "So."\nthen = ["{then}"]\n\n' + ALLOW

    assert [f"rules/transfers.toml:{expected}"] == only(text)


def test_roles_that_leave_no_way_to_sign_in_are_told() -> None:
    """Who holds a role for keys alone and one for passwords alone could never sign in to the file door."""
    people = TEXTS["people.toml"].replace('"confidential" }', '"confidential", sign-in = "key" }')
    people = people.replace('"sealed" }', '"sealed", sign-in = "password+code" }')
    people = people.replace('["clerk"]', '["clerk", "solicitor"]')

    (said,) = told(people=people)

    assert "rules/people.toml:17:53  Alena Novak's roles leave no way to sign in that suits all of them" == said


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("people", 'may-handle = "confidential"', 'may-handle = "secret"', 'people.toml:11:24  unknown label "secret"'),
        ("people", '"vouch", ', '"vuch", ',
         'people.toml:14:74  unknown power "vuch"; did you mean "vouch"?'),
        ("people", '"key", "certificate"', '"key", "certificat"',
         'people.toml:14:111  unknown way to sign in "certificat"; did you mean "certificate"?'),
        ("people", 'clerk = { may-handle = "confidential"', 'clerk = { may-handle = "confidential", sign-in = 1',
         'people.toml:11:50  "sign-in" must be one line of text in quotes, of at most 500 characters'),
        ("people", '"jo@town.test"', '"jo at town.test"',
         'people.toml:18:1  "jo at town.test" is not an address such as "jo@town.test"'),
        ("people", '"jo@town.test"', '"Alena@town.test"', 'people.toml:18:1  "Alena@town.test" stands here twice'),
        ("labels", '"sealed"]', '"sealed", "office"]',
         'labels.toml:9:57  label "office" is listed twice, or belongs to somebody else'),
        ("partners", 'how = "rang the number on file"', 'how = "by e-mail"',
         "partners.toml:18:59  an address is never verified by e-mail: a forger would answer"),
        ("partners", 'by = "per@town.test"', 'by = "jo@town.test"',
         'partners.toml:18:36  Jo Hart does not hold the power "vouch"'),
        ("partners", 'domains = ["court.test"]', 'domains = ["town.test"]',
         'partners.toml:15:12  domain "town.test" is listed twice, or belongs to somebody else'),
        ("partners", 'domains = ["court.test"]', 'domains = ["court test"]',
         'partners.toml:15:12  "court test" is not a domain such as "court.test"'),
        ("protection", 'sealed = "encrypt-to-recipient"\n', "",
         'protection.toml:7:1  [floor] needs "sealed": every label has a floor'),
        ("routes", 'at = "sftp.court.test:22"', 'at = "sftp.court.test"',
         'routes.toml:12:6  "sftp.court.test" is not a host and a port, such as "0.0.0.0:465"'),
        ("retention", 'for = "30d"', 'for = "30 days"', 'retention.toml:10:7  "for" must be a duration such as "90d"'),
        ("gateway", 'sftp = { ', 'sftp = { temporary = ["*.upload", "a*b"], ',
         'gateway.toml:10:35  "a*b" is not a name with a star at one end, such as "*.upload" or ".new.*"'),
        ("gateway", "[door]", "limits = { sftp-message-bytes = 33999 }\n[door]",
         'gateway.toml:7:33  "sftp-message-bytes" must be 34000 to 261120: what clients send'),
        ("gateway", "[door]", "limits = { sftp-message-bytes = 261121 }\n[door]",
         'gateway.toml:7:33  "sftp-message-bytes" must be 34000 to 261120: what clients send'),
        ("gateway", 'zone = "Europe/London"', "zone = 1",
         'gateway.toml:4:70  "zone" must be one line of text in quotes, of at most 500 characters'),
    ],
)  # fmt: skip
def test_a_slip_in_any_other_file_is_told(name: str, old: str, new: str, expected: str) -> None:
    """Each file is checked alone and against the others."""
    assert f"rules/{expected}" in swapped(name, old, new)


def test_files_must_be_exactly_the_known_ones() -> None:
    """A missing file, and one with a name nobody reads, are problems."""
    assert "rules/routes.toml:1:1  this file is missing" in told(routes=None)
    assert 'rules/transfer.toml:1:1  not a rule file; did you mean "transfers.toml"?' in told(transfer="")


def test_size_and_depth_are_bounded() -> None:
    """One byte over 1 MiB, a hundred thousand brackets, a number of 5,000 digits: a problem each, and no crash."""
    full = "#" * (1024 * 1024)

    assert not any("larger" in line for line in only(full))
    assert "rules/transfers.toml:1:1  larger than 1 MiB" in only(full + "#")
    assert "rules/transfers.toml:1:1  nested too deeply" in only("a = " + "[" * 100_000)
    assert any("not TOML: exceeds the limit" in line for line in only("a = " + "9" * 5_000))


def test_the_digest_is_what_sha256sum_prints() -> None:
    """Lines of `sha256sum *.toml`, sorted by name, hashed again; computed here with coreutils beforehand."""
    assert "de945589b4e9969245bd7c0b06a00525179b8345626248617a2bdc30723d6099" == digest_of(
        {"b.toml": "b\n", "a.toml": ""}
    )


def test_one_custodian_is_too_few() -> None:
    """They leave, or lose their key, and nobody opens a backup any more; told at its own line and column."""
    (problem,) = swapped("gateway", "[door]", 'backup = { to = "/srv/b", custodians = "ruth@town.test" }\n[door]')

    assert problem.endswith('"custodians" names one person; name two, or nobody can replace them')
    assert re.match(r"rules/gateway\.toml:\d+:\d+  ", problem)


def test_a_custodian_has_an_address() -> None:
    """What cannot be one is refused like any other."""
    table = 'backup = { to = "/srv/b", custodians = ["ruth", "per@town.test"] }'
    (problem,) = swapped("gateway", "[door]", f"{table}\n[door]")

    assert '"ruth"' in problem


@pytest.mark.parametrize("place", ["clamd.ctl", "192.0.2.1:3310", "scanner.test:3310", "127.0.0.1", "127.0.0.1:x", ""])
def test_a_scanner_is_on_this_machine(place: str) -> None:
    """It is shown everything in clear: a socket's path, or a port on loopback; told at its own line and column."""
    (problem,) = swapped("gateway", "[door]", f'scan = {{ clamd = "{place}" }}\n[door]')

    assert problem.endswith('clamd is the path of its socket, or a port on this machine such as "127.0.0.1:3310"')
    assert re.match(r"rules/gateway\.toml:\d+:18  ", problem)


@pytest.mark.parametrize("place", ["/run/clamav/clamd.ctl", "127.0.0.1:3310", "[::1]:3310", "localhost:3310"])
def test_a_scanner_on_this_machine_is_fine(place: str) -> None:
    """By path, or by port."""
    assert [] == swapped("gateway", "[door]", f'scan = {{ clamd = "{place}", within = "5m" }}\n[door]')


@pytest.mark.parametrize("key", ["when", "unless"])
def test_a_rule_that_asks_for_viruses_needs_a_scanner(key: str) -> None:
    """Without one nobody would ever know, and whatever the rule matches would wait for ever."""
    rule = f'[[forbid]]\nid = "no-viruses"\n{key} = ["virus-found"]\nbecause = "They spread."\n'
    asks = {"transfers": TEXTS["transfers.toml"] + rule}
    scan = TEXTS["gateway.toml"].replace("[door]", 'scan = { clamd = "/run/clamav/clamd.ctl" }\n[door]')

    (problem,) = told(**asks)

    assert re.fullmatch(
        r'rules/transfers\.toml:\d+:\d+  "no-viruses" asks for "virus-found", but gateway\.toml has no scan: '
        r"nobody would ever know",
        problem,
    )
    assert [] == told(**asks, gateway=scan)
