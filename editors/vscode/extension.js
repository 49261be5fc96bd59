// Starts `plimsoll lsp` for the open folders.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = async () => {
  const command = workspace.getConfiguration("plimsoll").get("path") || "plimsoll";
  const run = { command, args: ["lsp"] };
  client = new LanguageClient("plimsoll", "Plimsoll", { run, debug: run }, {
    documentSelector: [{ scheme: "file" }],
    synchronize: { fileEvents: workspace.createFileSystemWatcher("**/*") },
  });
  await client.start();
};

exports.deactivate = () => client?.stop();
