"""Standard output, standard error, exit codes and `--out`, as other programs rely on them."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from recsys.cli.main import main
from recsys.cli.output import Answer, document
from recsys.errors import InputError
from recsys.system.atomic_files import check_writable, write_atomic
from tests.conftest import ROOT

QUICK = ["--model", "popular"]
DOCUMENTED = (ROOT / "docs" / "command-line.md").read_text("utf-8")


def program(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "recsys", *map(str, arguments)],
        cwd=ROOT,
        check=False,
        **{"capture_output": True, "text": True} | options,
    )


def documented(row):
    line = next(line for line in DOCUMENTED.splitlines() if line.startswith(f"| `{row}` |"))
    return set(re.sub(r"\([^)]*\)", "", line.split("|")[2]).replace("`", "").replace(" ", "").split(","))


def result(capsys, *arguments):
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)["result"]


def test_the_fields_of_each_result_are_documented(capsys, tmp_path):
    run, lists, page = tmp_path / "run", tmp_path / "lists.csv", tmp_path / "page.html"
    user = ["recommend", "sample", "--run", run, "--user", 7]
    assert documented("describe") == result(capsys, "describe", "sample").keys()
    assert documented("train") == result(capsys, "train", "sample", *QUICK, "--out", run).keys()
    assert documented("evaluate") == result(capsys, "evaluate", "sample", *QUICK).keys()
    assert documented("recommend") == result(capsys, *user).keys()
    assert documented("recommend --user --out") == result(capsys, *user, "--out", page).keys()
    everyone = ["recommend", "sample", "--run", run, "--all", "--out", lists]
    assert documented("recommend --all") == result(capsys, *everyone).keys()


def test_a_document_holds_no_number_that_json_lacks():
    said = json.loads(document("train", Answer({"history": [{"rmse": float("nan")}], "n": 1}, "")))
    assert said["result"] == {"history": [{"rmse": None}], "n": 1}


def test_help_and_version_import_no_numerical_library():
    check = (
        "import sys; from recsys.cli.main import main\n"
        "try: main([sys.argv[1]])\n"
        "except SystemExit as stopped: assert not stopped.code\n"
        "heavy = {'numpy', 'pandas', 'numba', 'scipy', 'pyarrow'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    for flag in ("--help", "--version"):
        done = subprocess.run([sys.executable, "-c", check, flag], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_describe_imports_no_model(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("user,artist,plays\n1,Low,3\n2,Can,4\n")
    check = (
        "import sys; from recsys.cli.main import main\n"
        "assert main(['describe', sys.argv[1]]) == 0\n"
        "heavy = {'numba', 'scipy', 'optuna', 'plotly'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", check, path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["describe", "sample", "-n", "5"]])
def test_a_reader_that_leaves_ends_the_program_quietly(arguments, buffered):
    read, write = os.pipe()
    os.close(read)
    done = program(
        *arguments,
        capture_output=False,
        stdout=write,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": buffered},
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_one_sentence():
    with open("/dev/full", "w") as full:
        done = program("describe", "sample", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.startswith("error: The result cannot be written to standard output: No space left")
    assert done.stderr.count("\n") == 1


def test_a_closed_standard_output_is_said():
    command = f"{sys.executable} -m recsys describe sample >&-"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        1,
        "error: Standard output is closed, so the result cannot be written.\n",
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_any_terminal_can_show_any_name(tmp_path, encoding, form):
    path = tmp_path / "mine.csv"
    path.write_text("user,artist,plays\n1,Sigur Rós,3\n2,Бумбокс,4\n", encoding="utf-8")
    environment = os.environ | {"PYTHONIOENCODING": encoding, "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = program("describe", path, *form, env=environment, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    if form:
        assert json.loads(done.stdout)["result"]["top"][0]["artist"] == "Бумбокс"
    else:
        assert ("Бумбокс" if encoding == "utf-8" else "\\u0411") in done.stdout


def test_progress_is_for_terminals_alone():
    train = ["train", "sample", "--model", "article", "--epochs", "2", "--factors", "2"]
    done = program(*train)
    assert (done.returncode, done.stderr) == (0, "")
    assert "epoch    1" not in done.stdout
    ours, theirs = pty.openpty()
    done = program(*train, capture_output=False, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    assert b"epoch    1" in os.read(ours, 10_000)
    os.close(ours)
    assert "epoch    1" not in done.stdout


def test_options_are_not_abbreviated(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["train", "sample", "--fact", "3"])
    assert stopped.value.code == 2


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("encore ")


@pytest.mark.parametrize("data", ["sample", "lastfm"])
def test_columns_of_data_that_is_known_are_refused(capsys, data):
    assert main(["describe", data, "--columns", "user=who"]) == 1
    assert f"The columns of {data} are known" in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["007", "7_0", "\u0667", "+7", "7.0"])
def test_an_id_matches_as_a_whole_or_not_at_all(checkerboard, typed):
    with pytest.raises(InputError, match="has the id"):
        checkerboard.user_code(typed)


def test_an_id_with_blanks_around_it_is_found(checkerboard):
    assert checkerboard.users[checkerboard.user_code(f" {checkerboard.users[3]} ")] == checkerboard.users[3]


def test_out_refuses_a_device_a_pipe_and_a_folder_and_leaves_them(capsys, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place in (pipe, tmp_path, Path("/dev/null")):
        before = place.lstat()
        assert main(["train", "sample", *QUICK, "--out", str(place)]) == 1
        assert "cannot be written" in capsys.readouterr().err
        assert os.path.samestat(before, place.lstat())
        with pytest.raises(InputError, match="cannot be written"):
            write_atomic(place, b"x")


def test_out_writes_through_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "run", tmp_path / "link"
    link.symlink_to(target)
    for content in (b"first", b"second"):
        write_atomic(link, content)
        assert link.is_symlink()
        assert target.read_bytes() == content


def test_out_has_the_permissions_of_the_umask_or_those_it_had(tmp_path):
    new, old = tmp_path / "new.safetensors", tmp_path / "old.safetensors"
    old.write_text("old")
    old.chmod(0o640)
    before = os.umask(0o027)
    try:
        for path in (new, old):
            assert main(["train", "sample", *QUICK, "--out", str(path)]) == 0
    finally:
        os.umask(before)
    assert new.stat().st_mode & 0o777 == 0o640
    assert old.stat().st_mode & 0o777 == 0o640
    old.chmod(0o600)
    assert main(["train", "sample", *QUICK, "--out", str(old)]) == 0
    assert old.stat().st_mode & 0o777 == 0o600


def test_a_loop_of_links_is_refused(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(InputError, match="cannot be written"):
        write_atomic(tmp_path / "a", b"x")


def test_out_is_checked_before_anything_is_trained(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("recsys.experiments.training.TrainingRun.step", lambda run: pytest.fail("trained"))
    assert main(["train", "sample", "--out", str(tmp_path / "nowhere" / "run")]) == 1
    assert "Make the folder first" in capsys.readouterr().err


def test_checking_a_place_leaves_no_file(tmp_path):
    check_writable(tmp_path / "run")
    (tmp_path / "old").write_text("kept")
    check_writable(tmp_path / "old")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text() == "kept"


def test_a_folder_of_many_folders_is_not_walked_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("recsys.data.importing.archives.MAX_FOLDERS", 20)
    for number in range(40):
        (tmp_path / str(number)).mkdir()
    assert_refused(tmp_path, "holds more than 20 folders")


def test_a_folder_of_many_files_is_not_walked_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("recsys.data.importing.archives.MAX_FILES", 20)
    seen = []
    walk = os.walk
    monkeypatch.setattr(
        "recsys.data.importing.archives.os.walk",
        lambda *given, **named: (seen.append(step) or step for step in walk(*given, **named)),
    )
    for folder in range(10):
        (tmp_path / str(folder)).mkdir()
        for number in range(10):
            (tmp_path / str(folder) / f"{number}.csv").touch()
    assert_refused(tmp_path, "more than 20 files")
    assert len(seen) < 5


def assert_refused(folder, sentence):
    from recsys.data.sources.load import load

    with pytest.raises(InputError, match=sentence):
        load(str(folder))
