"""A standalone Spark cluster on this machine: a master and workers as processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCALHOST = "127.0.0.1"
# Of the command that uses the cluster.
CONF = {"spark.driver.host": LOCALHOST}
ENVIRONMENT = {"SPARK_LOCAL_IP": LOCALHOST}


class Cluster:
    """A master and its workers, with a core each; a session that takes all cores has an executor on each worker.

    Parameters
    ----------
    folder : Path
        For logs and the workers' files.
    workers : int
    memory : str
        What a worker may give to executors, such as `1g`.
    """

    def __init__(self, folder: Path, workers: int, memory: str = "1g") -> None:
        self.folder, self.memory = folder, memory
        self.workers: list[subprocess.Popen[bytes]] = []
        self.master = self._start("master", "Master", "--port", "0")
        try:
            self.address = self._told("master", r"Starting Spark master at (spark://\S+)")
            self.status = self._told("master", r"started at (http://\S+)")
            self.workers += [self.worker(number) for number in range(workers)]
            for number in range(workers):
                self._told(f"worker-{number}", "(Successfully registered)")
        except BaseException:
            self.stop()
            raise

    def worker(self, number: int) -> subprocess.Popen[bytes]:
        """Start a worker."""
        name = f"worker-{number}"
        resources = [
            "--cores",
            "1",
            "--memory",
            self.memory,
            "--work-dir",
            str(self.folder / f"work-{number}"),
        ]
        return self._start(name, "Worker", *resources, self.address)

    def stop(self) -> None:
        """Kill all processes."""
        for process in (*self.workers, self.master):
            kill(process)

    def _start(self, name: str, role: str, *words: str) -> subprocess.Popen[bytes]:
        import pyspark

        home = os.path.dirname(pyspark.__file__)
        program = [f"{home}/bin/spark-class", f"org.apache.spark.deploy.{role.lower()}.{role}"]
        with self._log(name).open("w") as output:
            return subprocess.Popen(  # noqa: S603
                [*program, "--host", LOCALHOST, "--webui-port", "0", *words],
                env=os.environ | ENVIRONMENT | {"SPARK_HOME": home},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # killed with the executors that it starts
            )

    def _told(self, name: str, pattern: str) -> str:
        """Wait for this in a log, and return what is in its parentheses."""
        for _ in range(600):
            if found := re.search(pattern, self._log(name).read_text()):
                return found[1]
            time.sleep(0.1)
        raise RuntimeError(self._log(name).read_text())

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def kill(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """Kill a process that leads a session, and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def running(folder: Path, workers: int, memory: str = "1g") -> Iterator[Cluster]:
    """Start a cluster, and stop it at the end."""
    cluster = Cluster(folder, workers, memory)
    try:
        yield cluster
    finally:
        cluster.stop()
