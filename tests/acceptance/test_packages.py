"""The gateway as it is installed: a Debian package, and a wheel with its extra."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIP = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")
pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deb")
    environment = {**os.environ, "PYTHON": sys.executable}
    built = subprocess.run(
        [str(ROOT / "packaging" / "build-deb"), str(folder)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return Path(built.stdout.strip())


@pytest.fixture(scope="module")
def tree(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("root")
    subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)
    return folder


def test_the_package_holds_the_gateway_and_no_other_program(package: Path, tree: Path) -> None:
    library = tree / "usr/lib/vitalwire-edge"
    assert (library / "edge" / "__main__.py").is_file()
    assert not (library / "cloud").exists()
    assert not (library / "simulators").exists()
    listed = subprocess.run(
        ["dpkg-deb", "-c", str(package)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert {line.split()[1] for line in listed} == {"root/root"}
    assert not [line for line in listed if re.match(r".{5}w|.{8}w", line) and line[0] != "l"]


def test_the_settings_file_is_kept_over_upgrades_and_names_the_services_folder(
    package: Path, tree: Path
) -> None:
    conffiles = subprocess.run(
        ["dpkg-deb", "-I", str(package), "conffiles"], capture_output=True, text=True, check=True
    ).stdout
    assert conffiles.split() == ["/etc/vitalwire/edge.toml"]
    settings = tomllib.loads((tree / "etc/vitalwire/edge.toml").read_text(encoding="utf-8"))
    assert settings["data"] == "/var/lib/vitalwire-edge"


def test_the_unit_is_sound_and_hardened(tree: Path, tmp_path: Path) -> None:
    text = (tree / "lib/systemd/system/vitalwire-edge.service").read_text(encoding="utf-8")
    unit = tmp_path / "vitalwire-edge.service"
    unit.write_text(text.replace("/usr/bin/", f"{tree}/usr/bin/"), encoding="utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    ours = [line for line in checked.stderr.splitlines() if "vitalwire-edge.service" in line]
    assert ours == []
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-300:]


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(30)
        yield ear


def test_the_installed_gateway_starts_and_tells_the_service_manager(
    tree: Path, tmp_path: Path, ear: socket.socket
) -> None:
    settings = (tree / "etc/vitalwire/edge.toml").read_text(encoding="utf-8")
    for name in ("gateway_id", "tenant_id", "vehicle_id"):
        settings = settings.replace(f'\n{name} = ""', f'\n{name} = "x-1"')
    settings = settings.replace("/var/lib/vitalwire-edge", str(tmp_path / "data"))
    settings = settings.replace('#listen = "tcp:0.0.0.0:6024"', 'listen = "tcp:127.0.0.1:0"')
    path = tmp_path / "edge.toml"
    path.write_text(settings, encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": ear.getsockname()}
    with subprocess.Popen(
        [str(tree / "usr/bin/vitalwire-edge"), "run", "--config", str(path)],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=tmp_path,
    ) as gateway:
        try:
            assert gateway.stdout is not None
            assert json.loads(gateway.stdout.readline())["ready"] == "edge"
            assert ear.recv(4096).startswith(b"READY=1")
            assert ear.recv(4096).startswith(b"WATCHDOG=1")
        finally:
            gateway.send_signal(signal.SIGTERM)
        assert gateway.wait(30) == 0


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_the_maintainer_scripts_are_shell(script: str) -> None:
    subprocess.run(["sh", "-n", str(ROOT / "packaging/debian" / script)], check=True)


def test_every_locked_package_of_the_gateway_exists_for_a_64_bit_arm_board(tmp_path: Path) -> None:
    """A 1 GB board has no compiler and no hour to spare: wheels, for its processor."""
    subprocess.run(
        [*PIP, "download", "--no-deps", "--require-hashes"]
        + ["--only-binary", ":all:", "--python-version", "3.11", "--implementation", "cp"]
        + [f"--platform={name}" for name in ("manylinux_2_28_aarch64", "manylinux2014_aarch64")]
        + ["--platform=manylinux_2_17_aarch64", "-d", str(tmp_path)]
        + ["-r", str(ROOT / "requirements/edge.lock")],
        check=True,
    )


def test_the_wheel_with_its_extra_runs_in_an_environment_of_its_own(tmp_path: Path) -> None:
    subprocess.run(
        [*PIP, "wheel", "--no-deps", "--no-build-isolation", f"--wheel-dir={tmp_path}", str(ROOT)],
        check=True,
    )
    (wheel,) = tmp_path.glob("vitalwire-*.whl")
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    pip = [str(home / "bin/python"), "-m", "pip", "-q", "install", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", str(_without_hashes(tmp_path)), f"{wheel}[edge]"], check=True)
    told = subprocess.run(
        [str(home / "bin/vitalwire-edge"), "explain", "150456"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert "MDC_PULS_OXIM_SAT_O2" in told.stdout


def _without_hashes(folder: Path) -> Path:
    """The lock as constraints: a local wheel beside hashed ones is refused."""
    lock = (ROOT / "requirements/edge.lock").read_text(encoding="utf-8")
    lines = [line.rstrip("\\").rstrip() for line in lock.splitlines() if re.match(r"\w", line)]
    path = folder / "constraints.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
