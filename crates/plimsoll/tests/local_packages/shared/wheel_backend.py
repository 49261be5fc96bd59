"""A build backend that needs nothing: pure packages beside it, metadata of [project]."""

import base64
import hashlib
import os
import tomllib
import zipfile


def _project():
    with open("pyproject.toml", "rb") as opened:
        return tomllib.load(opened)["project"]


def _write(folder, modules):
    project = _project()
    name = project["name"].replace("-", "_").replace(".", "_")
    stem = f"{name}-{project['version']}"
    metadata = ["Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}"]
    metadata += [f"Requires-Dist: {d}" for d in project.get("dependencies", [])]
    if "readme" in project:
        with open(project["readme"], encoding="utf-8") as opened:
            metadata += ["Description-Content-Type: text/markdown", "", opened.read()]
    info = f"{stem}.dist-info"
    files = dict(modules)
    files[f"{info}/METADATA"] = "\n".join(metadata).encode() + b"\n"
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = ""
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(data)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    wheel = f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return wheel


def _modules():
    root = "src" if os.path.isdir("src") else "."
    found = {}
    for package in sorted(os.listdir(root)):
        if not os.path.exists(os.path.join(root, package, "__init__.py")):
            continue
        for at, folders, files in os.walk(os.path.join(root, package)):
            folders[:] = [f for f in folders if f != "__pycache__"]
            for file in files:
                path = os.path.join(at, file)
                with open(path, "rb") as opened:
                    found[os.path.relpath(path, root)] = opened.read()
    return found


def build_wheel(folder, config_settings=None, metadata_directory=None):
    return _write(folder, _modules())


def build_editable(folder, config_settings=None, metadata_directory=None):
    root = os.path.abspath("src" if os.path.isdir("src") else ".")
    name = _project()["name"].replace("-", "_")
    return _write(folder, {f"{name}.pth": root.encode() + b"\n"})


def get_requires_for_build_wheel(config_settings=None):
    return []


def get_requires_for_build_editable(config_settings=None):
    return []
