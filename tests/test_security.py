"""What an attacker could use: passwords that others read, files that run code, names that are markup, open ports."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from study.config.location import URI_VARIABLE, in_environment
from study.figures.table import Table
from study.report.page import write_page
from study.report.render import markdown_table
from study.ui import HOST, server, serving

ROOT = Path(__file__).parents[1]
STUDY = ROOT / "study"
SECRET = "hunter2%21"
PIPES = {"config/compose.py", "tracking/beside.py", "tracking/series.py"}
"""Who unpickles: what this very program has pickled, in memory or through a pipe to a process of its own."""


def _calls() -> Iterator[tuple[str, str, ast.Call]]:
    for path in sorted(STUDY.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path.relative_to(STUDY).as_posix(), ast.unparse(node.func), node


def test_no_file_that_is_read_runs_code() -> None:
    for file, called, node in _calls():
        words = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        assert called not in (
            "eval",
            "exec",
            "os.system",
            "yaml.load",
            "yaml.unsafe_load",
            "pd.read_pickle",
        ), file
        assert called != "torch.load" or words.get("weights_only") == "True", file
        assert called != "np.load" or words.get("allow_pickle", "False") == "False", file
        assert not called.startswith("pickle.load") or file in PIPES, file
        assert words.get("shell", "False") == "False", file


def test_everything_listens_on_this_machine_alone() -> None:
    words = server(5000, "artifacts")
    assert words[words.index("--host") + 1] == HOST == "127.0.0.1"
    for path in STUDY.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "0.0.0.0" not in text, path
        assert '"::"' not in text, path


def test_no_password_stands_on_the_command_line_of_a_server() -> None:
    uri = f"postgresql://me:{SECRET}@{HOST}/runs"
    assert not any(SECRET in word for word in server(5000, "artifacts"))
    assert serving(uri)["MLFLOW_BACKEND_STORE_URI"] == uri


@pytest.mark.parametrize("quote", ["", "'"])
def test_a_password_goes_from_the_words_to_the_environment(
    quote: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(URI_VARIABLE, raising=False)
    uri = f"postgresql://me:{SECRET}@{HOST}/runs"
    word = in_environment(f"tracking.uri={quote}{uri}{quote}")
    assert word == f"tracking.uri=${{oc.env:{URI_VARIABLE}}}"
    assert os.environ.pop(URI_VARIABLE) == uri


@pytest.mark.parametrize(
    "word", ["tracking.uri=sqlite:///x.db", "tracking.uri=http://me@server", "seeds=3", "-m"]
)
def test_other_words_stay(word: str) -> None:
    assert in_environment(word) == word


def test_a_name_that_is_markup_is_text_on_every_page(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script> | <img src=x onerror=y>"
    table = Table(evil, [{"setting": evil}], evil, frozenset({"setting"}))
    page = {
        "title": evil,
        "eyebrow": evil,
        "lead": evil,
        "paragraphs": [evil],
        "notices": [evil],
        "facts": {evil: evil},
        "how_to_read": evil,
        "tables": [table],
        "pictures": [],
        "provenance": {"command": evil},
        "again": "make report",
        "source": evil,
        "beside": {"report.md": evil},
    }
    write_page(page, tmp_path, narrow=6.5)
    html, text = ((tmp_path / name).read_text(encoding="utf-8") for name in ("index.html", "report.md"))
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert text.count("<script") == text.count("\\<script") > 0
    assert text.count("<img") == text.count("\\<img") > 0
    assert "\\| \\<img" in markdown_table([{"setting": evil}])  # the bar ends no cell


@pytest.mark.slow
def test_a_password_is_nowhere_to_be_read(postgresql: Callable[[], str], tmp_path: Path) -> None:
    """It is sought in what two commands say, in the store, in every file, and in the words of every process."""
    plain = postgresql()
    uri = plain.replace("study@", f"study:{SECRET}@")
    environment = {**os.environ, "STUDY_HYDRA_DIR": str(tmp_path / "hydra"), "PYTHONPATH": str(tmp_path)}
    environment.pop(URI_VARIABLE, None)
    said = ""
    for module, *words in (
        (
            "study.train",
            "-m",
            "optimizer=sgd,adam",
            "seeds=2",
            "epochs=1",
            "optimizer.lr=0.1",
            "report.text=x",
        ),
        ("study.report", "tracking.experiment=playground", f"report.out={tmp_path}/report"),
    ):
        command = [sys.executable, "-m", module, *words, f"tracking.uri={uri}"]
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:  # fmt: skip
            seen: set[str] = set()
            watch = threading.Thread(target=_watch, args=(process, command, seen))
            watch.start()
            told, _ = process.communicate(timeout=200)
            watch.join()
        assert process.returncode == 0, told
        assert [words for words in seen if SECRET in words] == []
        said += told
    assert SECRET not in said
    assert "hunter2" not in said
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "multirun.yaml" for path in files)
    assert any(path.name == "index.html" for path in files)
    for path in files:
        assert b"hunter2" not in path.read_bytes(), path
    assert "hunter2" not in "".join(_stored(plain))


def test_all_that_the_study_needs_has_digests_but_torch() -> None:
    """By the packages' own metadata; each version is the one of the lock, and each digest one of 256 bits."""
    if not (ROOT / "requirements.lock").exists():
        pytest.skip("it is a part of a checkout")
    text = "".join((ROOT / ".ci" / "hashes" / f"{name}.txt").read_text() for name in ("run", "dev"))
    pins = re.findall(r"^(\S+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", text, re.MULTILINE)
    hashed = {canonicalize_name(name): version for name, version, _ in pins}
    lines = (ROOT / "requirements.lock").read_text().split()
    locked = {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}
    assert hashed.items() <= locked.items()
    assert sum(text.count(word) for word in ("==", "--hash")) == len(pins) + sum(
        digests.count("--hash") for *_, digests in pins
    )
    assert _needed("optimizer-study", "dev") - hashed.keys() == {"optimizer-study", "torch", "setuptools"}


def _needed(name: str, *extras: str) -> set[str]:
    """Return what a package needs here, and what that needs, and so on."""
    found: set[str] = set()
    asked = {(canonicalize_name(name), extras)}
    while asked:
        name, extras = asked.pop()
        if name not in found:
            found.add(name)
            for each in map(Requirement, importlib.metadata.requires(name) or ()):
                if any(
                    each.marker is None or each.marker.evaluate({"extra": extra}) for extra in extras or ("",)
                ):
                    asked.add((canonicalize_name(each.name), tuple(sorted(each.extras))))
    return found


@pytest.mark.slow
def test_an_audit_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    quick = {"PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1", "PIP_CONFIG_FILE": os.devnull}
    program, python = ROOT / ".ci" / "audit", ROOT / ".venv" / "bin" / "python"
    if not program.exists() or not python.exists():
        pytest.skip("it is a part of a checkout with its .venv")
    environment = {**os.environ, **nowhere, **quick, "AUDIT": str(tmp_path / "audit")}
    done = subprocess.run([str(program)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr == "not audited: pip-audit cannot be installed; is there a network?\n"


def _watch(process: "subprocess.Popen[str]", command: list[str], seen: set[str]) -> None:
    """Take note of the words of all processes that descend from one, while it is there."""
    typed = "".join(f"{word}\0" for word in command)  # which a child has too, until it is another program
    while process.poll() is None:
        parents = [process.pid]
        while parents:
            parent = parents.pop()
            try:
                children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
                for child in map(int, children):
                    seen.add(_words(child))
                    parents.append(child)
            except OSError:
                continue
        # a busy machine shows a part of it, where the child is about to be another program
        seen -= {words for words in seen if typed.startswith(words)}


def _words(process: int) -> str:
    return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")


def _stored(uri: str) -> Iterator[str]:
    """Yield every row of a database, as text."""
    engine = sa.create_engine(uri.replace("postgresql:", "postgresql+psycopg2:"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        for name in sa.inspect(engine).get_table_names():
            yield from map(str, connection.execute(sa.text(f'SELECT * FROM "{name}"')))
