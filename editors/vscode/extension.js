// Starts `plimsoll lsp` for the open folders, and again when `plimsoll.path` changes.
const { execFile } = require("node:child_process");
const { commands, env, window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;
let watcher;
let work = Promise.resolve();

exports.activate = (context) => {
  let later;
  const changed = workspace.onDidChangeConfiguration((change) => {
    if (!change.affectsConfiguration("plimsoll.path")) return;
    // The settings page tells of every few keys.
    clearTimeout(later);
    later = setTimeout(() => (work = work.then(stop).then(start)), 1000);
  });
  watcher = workspace.createFileSystemWatcher("**/*");
  context.subscriptions.push(changed, watcher, { dispose: () => clearTimeout(later) });
  return (work = start());
};

exports.deactivate = () => work.then(stop);

async function start() {
  const command = workspace.getConfiguration("plimsoll").get("path") || "plimsoll";
  // The client itself would only say that it has no connection.
  const wrong = await problem(command);
  if (wrong) {
    complain(wrong);
    return;
  }
  const run = { command, args: ["lsp"] };
  const options = { documentSelector: [{ scheme: "file" }], synchronize: { fileEvents: watcher } };
  client = new LanguageClient("plimsoll", "Plimsoll", { run, debug: run }, options);
  // What goes wrong from here on, the client says by itself.
  await client.start().catch(() => {});
}

async function stop() {
  const old = client;
  client = undefined;
  // One that did not start cannot be stopped.
  await old?.dispose().catch(() => {});
}

/** Why a command is not Plimsoll; undefined where it is. */
function problem(command) {
  return new Promise((resolve) => {
    execFile(command, ["--version"], { timeout: 10000 }, (error, stdout) => {
      if (!error && stdout.startsWith("plimsoll ")) resolve();
      else if (error?.code === "ENOENT") resolve(`"${command}" was not found`);
      else if (typeof error?.code === "string") resolve(`"${command}" cannot be run (${error.code})`);
      else resolve(`"${command}" is another program`);
    });
  });
}

async function complain(wrong) {
  const setting = "Open the Setting";
  const text = `Plimsoll does not run: ${wrong}. Install it on the PATH, or set plimsoll.path.`;
  if ((await window.showErrorMessage(text, setting)) === setting) {
    // In a remote window it is a setting of that machine, and the user's page does not have it.
    const page = env.remoteName ? "openRemoteSettings" : "openSettings";
    await commands.executeCommand(`workbench.action.${page}`, { query: "plimsoll.path" });
  }
}
