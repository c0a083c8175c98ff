// Starts `cptrules lsp` and lets VS Code talk to it. pip install 'cptrules[editors]' puts the command there.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = function () {
  const command = workspace.getConfiguration("cptrules").get("command");
  client = new LanguageClient(
    "cptrules",
    "cptrules",
    { command, args: ["lsp"] },
    { documentSelector: [{ scheme: "file", language: "cptrules-policy" }] },
  );
  return client.start();
};

exports.deactivate = function () {
  return client ? client.stop() : undefined;
};
