# Says where modules lie and whether their bytecode is there, and imports none of them.
import importlib.machinery as machinery
import importlib.util as util
import json
import os
import sys

HERE = "/.plimsoll/"


def find(name, known):
    """The specification of a module; a folder that it is searched in says where its parts are."""
    parent, _, _ = name.rpartition(".")
    path = None
    if parent:
        above = known.get(parent) or find(parent, known)
        path = getattr(above, "submodule_search_locations", None)
        if path is None:
            return None
    spec = None
    for finder in (machinery.BuiltinImporter, machinery.FrozenImporter, machinery.PathFinder):
        # What is frozen inside of a package is found by its whole name.
        spec = finder.find_spec(name, path)
        if spec is not None:
            break
    known[name] = spec
    return spec


def bytecode(spec):
    """Whether its bytecode is there; none where it has no source."""
    source, cached = spec.origin, spec.cached
    if not isinstance(spec.loader, machinery.SourceFileLoader) or not cached:
        return None
    try:
        with open(cached, "rb") as file:
            head = file.read(16)
    except OSError:
        return False
    if len(head) < 16 or head[:4] != util.MAGIC_NUMBER:
        return False
    number = lambda at: int.from_bytes(head[at : at + 4], "little")
    if number(4):
        return True
    about = os.stat(source)
    same = int(about.st_mtime) & 0xFFFFFFFF == number(8)
    return same and about.st_size & 0xFFFFFFFF == number(12)


def main():
    with open(HERE + "names.json", encoding="utf-8") as file:
        asked = json.load(file)
    sys.path[:0] = asked["paths"]
    known = {}
    print("\nplimsoll:python", "%d.%d" % sys.version_info[:2], flush=True)
    for name in asked["names"]:
        try:
            spec = find(name, known)
            has = bytecode(spec) if spec is not None else None
            file = spec.origin if spec is not None and spec.has_location else None
            answer = [name, spec is not None, file, has]
        except Exception:
            answer = [name, False, None, None]
        print("plimsoll:file", json.dumps(answer))


main()
