"""The auditor's verifier alone: on a machine with Python and `cryptography`, and nothing else of ours.

It is made of the product's own modules, but for two that are written anew for the standard library; so what matters is
that it says the same as the product about true evidence and about every kind of lie.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.commands.audit.rotate import rotate_key
from gateway.commands.office import opened
from gateway.commands.setting import Setting
from gateway.commands.verdict import check, outcome_of
from gateway.engine.attested import Attestations
from gateway.engine.evidence import bundle_of
from gateway.errors import Unreadable
from gateway.ledger import entry, jcs
from gateway.ledger.proof import encode_bundle, encode_proof, parse_bundle
from tests.audited import Past, laid_out, writing

pytestmark = pytest.mark.interop

HERE = Path(__file__).resolve().parents[2] / "scripts" / "standalone"
ALONE = "import sys; sys.modules.update(msgspec=None, click=None, gateway=None); sys.path.insert(0, sys.argv.pop(1)); "
STEP = 1499
RUTH, PER = "ruth@town.test", "per@town.test"


def _written_anew(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"standalone_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


BUILD, JCS, ENTRY = _written_anew("build"), _written_anew("jcs"), _written_anew("entry")


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return laid_out(tmp_path_factory.mktemp("audited") / "office")


@pytest.fixture(scope="module")
def bundle(past: Past) -> bytes:
    with opened(Setting(folder=past.folder)) as office:
        attestations = Attestations(office.records, office.archive, office.keyring)
        story = attestations.story(past.delivered)
        assert story is not None
        return bundle_of(tuple(attestations.of(story)), office.publication, past.ledger_key)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, past: Past) -> Callable[[bytes], dict[str, object]]:
    """What the verifier says of some bytes, where no other library can be imported."""
    folder = tmp_path_factory.mktemp("alone")
    BUILD.lay_out(folder)

    def says(untrusted: bytes) -> dict[str, object]:
        (folder / "evidence").write_bytes(untrusted)
        code = ALONE + "from sealgate_verify.commands.alone import main; sys.exit(main())"
        words = [str(folder / "evidence"), "--key", past.ledger_key, "--json"]
        command = [sys.executable, "-I", "-c", code, str(folder), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode in (0, 1, 4), done.stderr
        return dict(json.loads(done.stdout))

    return says


def ours(untrusted: bytes, past: Past) -> dict[str, object]:
    import msgspec

    outcome = outcome_of(check(untrusted, (past.ledger_key,)))
    return dict(json.loads(msgspec.json.encode(outcome)))


def test_it_needs_nothing_else() -> None:
    """Every module it is made of imports the standard library and `cryptography`, or the build ends."""
    found = BUILD.modules()

    assert {"gateway.ledger.verify", "gateway.commands.alone", "gateway.ledger.erasure"} <= found.keys()
    assert [] == [name for name in found if name.startswith(("gateway.engine", "gateway.keep", "gateway.doors"))]


def test_it_says_the_same_of_what_is_true(
    bundle: bytes, past: Past, alone: Callable[[bytes], dict[str, object]]
) -> None:
    """A bundle, and a single proof: every word of the answer."""
    for evidence in (bundle, encode_proof(parse_bundle(bundle).proofs[0])):
        assert ("true", ours(evidence, past)) == (alone(evidence)["verdict"], alone(evidence))


def test_it_follows_from_an_old_key_to_the_new_one(
    past: Past, alone: Callable[[bytes], dict[str, object]], tmp_path: Path
) -> None:
    """After a rotation, with the key of before: true, because that key vouched; without the succession, false."""
    folder = tmp_path / "office"
    shutil.copytree(past.folder, folder)
    words = [word for who, option in ((RUTH, "--as"), (PER, "--second")) for word in (option, who)]
    for who, option in ((RUTH, "--password-file"), (PER, "--second-password-file")):
        (tmp_path / who).write_text(past.passwords[who])
        words += [option, str(tmp_path / who)]
    for step in ([], ["--finish"]):
        done = CliRunner().invoke(rotate_key, [*words, *step], obj=Setting(folder=folder))
        assert done.exit_code == 0, done.output
    with writing(folder) as pen:
        pen.mail("jo@town.test", "clerk@court.test")
    with opened(Setting(folder=folder)) as office:
        attestations = Attestations(office.records, office.archive, office.keyring)
        story = attestations.story(past.delivered)
        assert story is not None
        evidence = bundle_of(tuple(attestations.of(story)), office.publication, office.signer.vkey)
    without = replace(parse_bundle(evidence), attached=())

    assert ("true", ours(evidence, past)) == (alone(evidence)["verdict"], alone(evidence))
    assert alone(encode_bundle(without))["verdict"] == "false"


@pytest.mark.slow
def test_it_says_the_same_of_what_is_not(
    bundle: bytes, past: Past, alone: Callable[[bytes], dict[str, object]]
) -> None:
    """Wherever a byte is changed."""
    for at in range(0, len(bundle), STEP):
        lie = bundle[:at] + bytes([bundle[at] ^ 0x20]) + bundle[at + 1 :]
        assert ("false", ours(lie, past)["verdict"]) == (alone(lie)["verdict"], "false"), at


TREES = st.recursive(
    st.text(max_size=8) | st.integers() | st.none() | st.booleans() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(TREES)
@settings(max_examples=300, deadline=None)
def test_both_write_the_same_json(value: object) -> None:
    """Whatever has a canonical form has the same in both, and what has none has none in both."""
    assert _or_none(jcs.encode, value) == _or_none(JCS.encode, value)


@given(st.binary(max_size=12) | TREES.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=300, deadline=None)
def test_both_read_the_same_json(untrusted: bytes) -> None:
    """Any bytes are the same value in both, or no value in both."""
    assert _or_none(jcs.parse, untrusted) == _or_none(JCS.parse, untrusted)


ENTRIES = (
    b'{"g":"gw1","k":"tick","s":"log/1","t":1,"v":1}',
    b'{"d":{"n":1},"g":"gw1","k":"tick","s":"log/1","t":1,"v":1}',
    b'{"d":{},"g":"gw1","k":"tick","s":"log/1","t":1,"v":1}',
    b'{"d":[],"g":"gw1","k":"tick","s":"log/1","t":1,"v":1}',
    b'{"g":"gw1","k":"tick","o":"","s":"log/1","t":1,"v":1}',
    b'{"g":"gw1","k":"tick","o":"x","s":"log/1","t":1,"v":1}',
    b'{"g":"gw1","k":"tick","p":-1,"s":"log/1","t":1,"v":1}',
    b'{"g":"gw1","k":"tick","s":"log/1","t":"1","v":1}',
    b'{"g":"gw1","k":"tick","s":"log/1","t":1,"v":2}',
    b'{"g":"gw1","k":"tick","l":0,"s":"log/1","t":1,"v":1}',
    b'{"g":"gw1","k":"tick","s":"log/1","t":1,"v":1,"x":"AAECAwQFBgcICQoLDA0ODw=="}',
    b'{"c":[],"g":"gw1","k":"tick","s":"log/1","t":1,"v":1}',
    b'{"a":1,"g":"gw1","k":"tick","s":"log/1","t":1,"v":1}',
    b'{"g":"gw1","k":"tick","s":"log/1","t":9007199254740992,"v":1}',
    b'{"k":"tick","g":"gw1","s":"log/1","t":1,"v":1}',
    b'{"g":"gw1","k":"tick","s":"log/1","t":1,"v":1} ',
    b"[]",
)


@pytest.mark.parametrize("untrusted", ENTRIES, ids=range(len(ENTRIES)))
def test_both_read_the_same_entries(untrusted: bytes) -> None:
    """What is an entry to one is the same entry to the other."""
    found, alone = _or_none(entry.read_entry, untrusted), _or_none(ENTRY.read_entry, untrusted)

    assert repr(found) == repr(alone)


def test_both_read_entries_of_a_bundle(bundle: bytes) -> None:
    """With six class roots, legs and intents; and none of them with a byte changed."""
    for proof in parse_bundle(bundle).proofs:
        assert repr(entry.read_entry(proof.entry)) == repr(ENTRY.read_entry(proof.entry))
        for at in range(0, len(proof.entry), 7):
            lie = proof.entry[:at] + bytes([proof.entry[at] ^ 1]) + proof.entry[at + 1 :]
            assert repr(_or_none(entry.read_entry, lie)) == repr(_or_none(ENTRY.read_entry, lie))


def _or_none(reader: Callable[..., object], given: object) -> object:
    try:
        return reader(given)
    except (ValueError, Unreadable, UnicodeError):
        return None


@pytest.mark.slow
def test_it_installs_alone(bundle: bytes, past: Past, tmp_path: Path) -> None:
    """Built as a wheel and installed by pip into an empty environment, it verifies a bundle as a command."""
    wheel = BUILD.build(tmp_path)
    venv.create(tmp_path / "empty", with_pip=True)
    pip = [str(tmp_path / "empty" / "bin" / "python"), "-m", "pip", "install", "--quiet", str(wheel)]
    installed = subprocess.run(pip, capture_output=True, text=True, timeout=300, check=False)
    if installed.returncode and "sealgate" not in installed.stderr.rpartition("ERROR")[2]:
        pytest.skip(f"no package index in reach: {installed.stderr.strip()[-200:]}")
    (tmp_path / "evidence").write_bytes(bundle)
    program = tmp_path / "empty" / "bin" / "sealgate-verify"
    command = [str(program), str(tmp_path / "evidence"), "--key", past.ledger_key]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    listed = [*pip[:3], "list", "--format", "json"]
    there = {one["name"] for one in json.loads(subprocess.run(listed, capture_output=True, check=True).stdout)}

    assert (0, "", True) == (done.returncode, done.stderr, done.stdout.startswith("TRUE: "))
    assert {"cryptography", "sealgate-verify"} <= there
    assert there <= {"cryptography", "sealgate-verify", "cffi", "pycparser", "pip", "setuptools", "typing_extensions"}
