# Loads modules as the service would, and says what came of it, one line of JSON each.
# Runs inside the image that is being proven; it is given no file of its own.
import importlib, json, os, runpy, site, sys

sys.dont_write_bytecode = True
plan = json.loads(sys.argv[1])
sys.argv = [""]
marker = plan["marker"].encode()


def say(kind, value):
    sys.__stdout__.write("\n" + plan["tag"] + json.dumps({"kind": kind, "value": value}) + "\n")
    sys.__stdout__.flush()


def one_line(error):
    text = " ".join(str(error).split())
    return (type(error).__name__ + ": " + text)[:500]


def place(module):
    file = getattr(module, "__file__", None)
    return file or (list(getattr(module, "__path__", [])) or ["built in"])[0]


def holds_marker(file):
    try:
        with open(file, "rb") as opened:
            return bool(marker) and marker in opened.read()
    except OSError:
        return False


def load(name, act):
    result = {"name": name}
    try:
        result["file"] = act()
        result["marked"] = holds_marker(result["file"])
    except ImportError as error:
        result["missing"] = one_line(error)
    except BaseException as error:  # The code of the service may do anything.
        result["raised"] = one_line(error)
    return result


def folders():
    found = list(sys.path)
    for more in (getattr(site, "getsitepackages", list), lambda: [site.getusersitepackages()]):
        try:
            found += more()
        except Exception:
            pass
    names = ("site-packages", "dist-packages")
    real = (os.path.realpath(f) for f in found if f.rstrip("/").endswith(names))
    return sorted({f for f in real if os.path.isdir(f)})


def text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as opened:
            return opened.read(1 << 20)
    except OSError:
        return ""


def leftovers():
    left = {"pth": [], "editable": [], "dangling": []}
    for folder in folders():
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if os.path.islink(path) and not os.path.exists(path):
                left["dangling"].append(path + " -> " + os.readlink(path))
            elif name.endswith((".pth", ".egg-link")):
                lines = [l.strip() for l in text(path).splitlines()]
                lines = [l for l in lines if l.startswith(("/", "."))]
                if lines:
                    left["pth"].append(path)
                for line in lines:
                    if not os.path.exists(os.path.join(folder, line)):
                        left["dangling"].append(path + " -> " + line)
            elif name.endswith(".dist-info"):
                direct = text(os.path.join(path, "direct_url.json"))
                try:
                    direct = json.loads(direct or "{}")
                except ValueError:
                    continue
                if direct.get("dir_info", {}).get("editable"):
                    left["editable"].append(path)
                    url = str(direct.get("url", ""))
                    if url.startswith("file://") and not os.path.exists(url[len("file://") :]):
                        left["dangling"].append(path + " -> " + url)
    return left


def application(entry, is_file):
    if not is_file:
        return place(importlib.import_module(entry))
    file = os.path.abspath(entry)
    sys.path[0] = os.path.dirname(file)
    runpy.run_path(file, run_name="__plimsoll__")
    return file


def distribution(name):
    """Imports what a distribution brings: every package or module at the top."""
    from importlib import metadata

    found = metadata.distribution(name)
    names = (found.read_text("top_level.txt") or "").split()
    if not names:
        names = set()
        for file in found.files or []:
            first, *rest = file.parts
            if rest == ["__init__.py"]:
                names.add(first)
            elif not rest and first.endswith((".py", ".so")):
                names.add(first.split(".")[0])
    plain = [n for n in names if n.isidentifier() and not n.startswith("_") and n not in ("test", "tests")]
    places = [place(importlib.import_module(n)) for n in sorted(plain)]
    return places[0] if places else "nothing to import"


for name in plan.get("distributions", []):
    say("load", load(name, lambda: distribution(name)))
for name in plan["modules"]:
    say("load", load(name, lambda: place(importlib.import_module(name))))
say("left", leftovers())
if plan["entry"]:
    entry = plan["entry"]
    say("application", load(entry, lambda: application(entry, plan["is_file"])))
sys.stdout.flush()
os._exit(0)
