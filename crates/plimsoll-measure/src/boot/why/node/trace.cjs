// Says how long each CommonJS module takes to load: one line each, once it is loaded.
'use strict';
const Module = require('module');
const fs = require('fs');
const now = () => Number(process.hrtime.bigint() / 1000n);
const stack = [];
let lines = [];
let next = 0;
let listening = false;
let most = 50000;

// A line is written whole, or the lines of other processes would stand in it.
function write(text) {
  for (let tries = 0; tries < 50; tries++) {
    try {
      fs.writeSync(2, text);
      return;
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
    }
  }
}

function flush() {
  let text = '';
  for (const line of lines) {
    if (text && Buffer.byteLength(text) + Buffer.byteLength(line) > 4000) {
      write(text);
      text = '';
    }
    text += line;
  }
  lines = [];
  if (text) write(text);
}

function say(what, about) {
  lines.push(`\nplimsoll:node ${what} ${process.pid} ${JSON.stringify(about)}\n`);
}

const load = Module.prototype.load;
Module.prototype.load = function (file) {
  const parent = stack[stack.length - 1];
  const entry = { id: next++, file, nested: 0 };
  stack.push(entry);
  const began = now();
  try {
    return load.apply(this, arguments);
  } finally {
    const all = now() - began;
    // What failed on the way did not come here for those above it.
    while (stack.length && stack.pop() !== entry);
    if (parent) parent.nested += all;
    if (most-- > 0) {
      const by = parent ? [parent.id, String(parent.file).slice(0, 1000)] : null;
      const main = process.mainModule === this;
      say('module', [entry.id, all, all - entry.nested, String(file).slice(0, 1000), by, main]);
    }
    if (listening && !stack.length) flush();
  }
};

function hook(net) {
  const listen = net.Server.prototype.listen;
  net.Server.prototype.listen = function () {
    if (!listening) {
      listening = true;
      say('listens', [process.version, !process.mainModule]);
    }
    flush();
    return listen.apply(this, arguments);
  };
}

// `net` is not loaded here for its own sake: a service without it should not pay for it.
const inner = Module._load;
let hooked = false;
Module._load = function (request) {
  const exported = inner.apply(this, arguments);
  const name = String(request).replace(/^node:/, '');
  if (!hooked && ['net', 'http', 'https', 'http2', 'tls', 'cluster'].includes(name)) {
    hooked = true;
    hook(inner.call(this, 'net', null, false));
  }
  return exported;
};

// An ES module that serves does not come by here: then it is said a moment later.
function idle() {
  if (!listening) say('listens', [process.version, !process.mainModule]);
  listening = true;
  flush();
}
setTimeout(idle, 20).unref();
process.on('exit', idle);
