"""Real servers, one of each for all tests; skipped with a reason where one is not installed."""

import shutil
import socket
import subprocess
import time

import pytest


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """A program of Debian's that can be stopped, and started again on the same port."""

    def __init__(self, port, *command):
        self.port, self._command = port, command
        self.start()

    def start(self):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(self._command, **quiet)
        for _ in range(500):
            if listens(self.port):
                return
            time.sleep(0.02)
        raise AssertionError(f"{self._command[0]} does not listen")

    def stop(self):
        self._process.kill()
        self._process.wait()


def server(name, port, *arguments):
    """The server, or a word on why the tests that need it are skipped."""
    command = shutil.which(name, path="/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin")
    if command is None:
        pytest.skip(f"{name} is not installed (apt-get install {name})")
    return Server(port, command, *arguments)


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory):
    config = tmp_path_factory.mktemp("mosquitto") / "mosquitto.conf"
    port = free_port()
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    broker = server("mosquitto", port, "-c", str(config))
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("redis")
    port = free_port()
    store = server("redis-server", port, "--port", str(port), "--save", "", "--dir", str(folder))
    yield store
    store.stop()
