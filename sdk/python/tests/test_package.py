"""The package as it would be published, in an empty environment: the README's first example, and those of examples."""

import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from support.server import Server

from taskresults import TaskResults

SDK = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--no-isolation", "-o", str(folder), str(SDK)], check=True)
    return folder


@pytest.fixture(scope="module")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds nothing but the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder)
    python = folder / "bin" / "python"
    (wheel,) = built.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-compile", str(wheel)], check=True)
    return python


def run(python: Path, *arguments: str) -> str:
    """What it prints. The folder is another one than that of the sources."""
    command = [str(python), "-W", "error", *arguments]
    return subprocess.run(command, cwd=python.parent, check=True, capture_output=True, text=True, timeout=300).stdout


def test_the_readmes_first_example(python: Path, server: Server) -> None:
    example = re.search(r"```python\n(.*?)```", (SDK / "README.md").read_text(), re.DOTALL)
    assert example
    code = example[1].replace("127.0.0.1:50051", server.address)
    assert code != example[1]
    promised = re.findall(r"print\(.*\)  # (.*)", code)
    assert promised
    assert run(python, "-c", code).splitlines() == promised


def test_the_examples(python: Path, server: Server) -> None:
    said = run(python, str(SDK / "examples/worker.py"), server.address)
    assert "{'pixels': 307200}" in said
    assert "failed: nothing is left of the picture" in said
    succeeded, _, failed = re.findall("working on (.*)", said)
    watcher = str(SDK / "examples/watcher.py")
    assert "returned {'pixels': 307200}" in run(python, watcher, succeeded, server.address)
    assert "failed: nothing is left of the picture" in run(python, watcher, failed, server.address)


def test_the_watcher_follows_a_result(python: Path, server: Server) -> None:
    with TaskResults(server.address) as results:
        created = results.create("pictures.resize")
        command = [str(python), str(SDK / "examples/watcher.py"), created.id, server.address]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watcher:
            assert watcher.stdout
            assert watcher.stdout.readline() == "READY revision 1\n"
            results.start_attempt(created.id, worker_id="w1")
            assert watcher.stdout.readline() == "RUNNING revision 2\n"
            results.succeed(created.id, 1, "done")
            assert watcher.stdout.read() == "SUCCESSFUL revision 3\nreturned done\n"


def test_the_wheel_is_typed_and_holds_no_more_than_the_library(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "taskresults/py.typed" in names
    assert "taskresults/v1/task_result_pb2.py" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"taskresults"}
    assert len(list(built.glob("*.tar.gz"))) == 1
