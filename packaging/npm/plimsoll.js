#!/usr/bin/env node
// Runs the program of this platform's package, in its place as far as Node.js can.
const { spawn } = require("node:child_process");

const name = `plimsoll-${process.platform}-${process.arch}`;
let program;
try {
  program = require.resolve(`${name}/bin/plimsoll`);
} catch {
  console.error(`error: the package ${name} is not installed`);
  console.error("hint: plimsoll runs on Linux on x64 and arm64; elsewhere, and where optional packages are left out, use its image");
  process.exit(3);
}
const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => {
  console.error(`error: ${program} cannot be run: ${error.message}`);
  process.exit(3);
});
child.on("close", (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else {
    process.exit(code);
  }
});
