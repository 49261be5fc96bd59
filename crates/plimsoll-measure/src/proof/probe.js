// Loads packages as the service would, and says what came of it, one line of JSON each.
// Runs inside the image that is being proven; it is given no file of its own.
const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");
const { pathToFileURL } = require("url");

const plan = JSON.parse(process.argv[1]);
const entry = plan.entry ? path.resolve(plan.entry) : path.join(process.cwd(), "index.js");
const places = [entry];
let said = false;

function say(kind, value) {
  fs.writeSync(1, "\n" + plan.tag + JSON.stringify({ kind, value }) + "\n");
}

function oneLine(error) {
  const text = String((error && error.message) || error).split("\n")[0];
  const name = (error && error.code) || (error && error.name) || "Error";
  return (name + ": " + text).slice(0, 500);
}

function isMissing(error) {
  return ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error && error.code);
}

function holdsMarker(file) {
  try {
    return plan.marker !== "" && fs.readFileSync(file).includes(plan.marker);
  } catch {
    return false;
  }
}

// The folder of an installed package, seen from a file.
function folderOf(name, from) {
  for (let at = path.dirname(from); ; at = path.dirname(at)) {
    const folder = path.join(at, "node_modules", name);
    if (fs.existsSync(path.join(folder, "package.json"))) return fs.realpathSync(folder);
    if (at === path.dirname(at)) return null;
  }
}

// What `import` of a package loads, where `require` may not.
function importTarget(folder) {
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  let target = manifest.exports && (manifest.exports["."] || manifest.exports);
  while (target && typeof target === "object") {
    target = target.import || target.node || target.default;
  }
  return path.join(folder, target || manifest.module || manifest.main || "index.js");
}

async function load(name) {
  let missing;
  for (const from of places) {
    const require = createRequire(from);
    let file;
    try {
      file = require.resolve(name);
    } catch (error) {
      const folder = error.code === "ERR_PACKAGE_PATH_NOT_EXPORTED" && folderOf(name, from);
      if (!folder) {
        missing = missing || error;
        continue;
      }
      file = importTarget(folder);
    }
    try {
      await open(require, file);
    } catch (error) {
      return { name, [isMissing(error) ? "missing" : "raised"]: oneLine(error) };
    }
    file = fs.realpathSync(file);
    places.push(file);
    return { name, file, marked: holdsMarker(file) };
  }
  return { name, missing: oneLine(missing) };
}

async function open(require, file) {
  try {
    require(file);
  } catch (error) {
    if (error.code !== "ERR_REQUIRE_ESM" && error.code !== "ERR_REQUIRE_ASYNC_MODULE") throw error;
    await import(pathToFileURL(file).href);
  }
}

// Links below node_modules that lead nowhere.
function dangling(folder, depth, found) {
  let entries = [];
  try {
    entries = fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    const full = path.join(folder, entry.name);
    if (entry.isSymbolicLink()) {
      if (!fs.existsSync(full)) found.push(full + " -> " + fs.readlinkSync(full));
    } else if (entry.isDirectory() && depth > 0 && (entry.name.startsWith("@") || entry.name.startsWith("."))) {
      dangling(full, depth - 1, found);
    }
  }
}

function leftovers() {
  const found = [];
  for (let at = path.dirname(entry); ; at = path.dirname(at)) {
    dangling(path.join(at, "node_modules"), 2, found);
    if (at === path.dirname(at)) break;
  }
  return { pth: [], editable: [], dangling: found.slice(0, 1000) };
}

function finish(value) {
  if (said) return;
  said = true;
  say("application", value);
  process.exit(0);
}

async function main() {
  for (const name of plan.modules) say("load", await load(name));
  say("left", leftovers());
  if (!plan.entry) process.exit(0);
  const failed = (error) =>
    finish({ name: plan.entry, [isMissing(error) ? "missing" : "raised"]: oneLine(error) });
  process.on("uncaughtException", failed);
  process.on("unhandledRejection", failed);
  process.on("exit", (code) => code && finish({ name: plan.entry, raised: "it exits with " + code }));
  const require = createRequire(entry);
  try {
    const file = require.resolve(entry);
    await open(require, file);
    // What it begins at once, such as a server that misses a module, has its turn.
    setTimeout(() => finish({ name: plan.entry, file, marked: false }), 300);
  } catch (error) {
    failed(error);
  }
}

main();
