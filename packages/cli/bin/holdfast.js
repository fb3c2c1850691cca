#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-semi-space-size=4
// Large buffers lie outside of the heap: a young generation of Node's usual size takes 50 MB more and saves no time. Nor do
// heaps of glibc's own for each thread, which are 30 MB more where frames are compressed by four of them.
// Plain old JavaScript: it must parse on every Node that a user may have, to say which one is needed.
import childProcess from 'child_process';
import fs from 'fs';
import os from 'os';
import path from 'path';
import url from 'url';

const running = process.versions.node.split('.').map(Number);
const here = path.dirname(url.fileURLToPath(import.meta.url));
const checkoutNode = path.join(here, '..', '..', '..', 'node_modules', '.bin', 'node');

function isAtLeast(major, minor) {
  return running[0] > major || (running[0] === major && running[1] >= minor);
}

// A checkout is developed on Node 24 and brings its own; the sources use its syntax.
if (!isAtLeast(24, 0) && fs.existsSync(checkoutNode)) {
  runWith(checkoutNode);
} else if (!isAtLeast(22, 19)) {
  process.stderr.write(
    'holdfast: Node.js 22.19 or newer is needed, this is ' +
      process.versions.node +
      '. In the checkout, run `npm ci` first and then `npx holdfast` or `npm run`, which bring their own.\n',
  );
  process.exitCode = 78;
} else {
  start();
}

/** Runs this same command line with another Node and becomes it as far as a parent can tell. */
function runWith(node) {
  const args = process.execArgv.concat(process.argv.slice(1));
  const child = childProcess.spawn(node, args, { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  signals.forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal);
    });
  });
  child.on('error', function (error) {
    process.stderr.write('holdfast: cannot start ' + node + ': ' + error.message + '\n');
    process.exitCode = 78;
  });
  child.on('exit', function (code, signal) {
    if (signal === null) {
      process.exit(code);
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function start() {
  import('node:module')
    .then(function (module) {
      // Not Node's default below /tmp: there another user could plant code for root to run.
      const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
      module.enableCompileCache(path.join(cache, 'holdfast', 'compile'));
      return import('../src/main.ts');
    })
    .then(function (holdfast) {
      return holdfast.main();
    })
    .catch(function (error) {
      process.stderr.write('holdfast: cannot start: ' + (error && error.stack) + '\n');
      process.exitCode = 1;
    });
}
