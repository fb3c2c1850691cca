/**
 * Loaded into a process with `--import`: strikes at its n-th change of the file system below a folder, by SIGKILL or by
 * filling the disk. A change is a call of node:fs that writes, truncates, syncs, renames, links, makes or removes. No product code knows
 * of this, and nothing is timed: the n-th change is the same in every run.
 *
 * - `FAULT_ROOT`: only changes below this folder count (descriptors are followed from their open).
 * - `FAULT_AT`: strike right before change n (from 1).
 * - `FAULT_MATCH`: a regular expression; changes are counted from the first write of text that it matches, which is change 1.
 * - `FAULT_DO`: `kill` (SIGKILL), `torn` (a write is made in half, then SIGKILL), `fill` (a file takes all free space),
 *   `interrupt` (SIGINT, as Ctrl-C), `freeze` (SIGSTOP, until somebody sends SIGCONT).
 * - `FAULT_HOG`: the file that `fill` makes; without it `hog` in that folder.
 * - `FAULT_LOG`: a file that gets one line for each change, so that a test knows how many there are: its number, the call,
 *   the path, and the text if it is short.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';

const root = resolve(process.env['FAULT_ROOT'] ?? '/');
const strikeAt = Number(process.env['FAULT_AT'] ?? 0);
const strike = process.env['FAULT_DO'] ?? 'kill';
const log = process.env['FAULT_LOG'];
const match = process.env['FAULT_MATCH'];
const hog = process.env['FAULT_HOG'] ?? `${root}/hog`;

type Call = (...args: unknown[]) => unknown;

const real = {
  appendFileSync: fs.appendFileSync,
  writeSync: fs.writeSync,
  openSync: fs.openSync,
  closeSync: fs.closeSync,
};
const paths = new Map<number, string>();
let count = 0;
let counting = match === undefined;

function below(path: unknown): path is string {
  return typeof path === 'string' && (resolve(path) === root || resolve(path).startsWith(`${root}/`));
}

/** Counts one change and dies at the n-th; `half` makes the first half of a write. */
function change(name: string, path: string, half?: () => void, text = ''): void {
  counting ||= text !== '' && new RegExp(match ?? '').test(text);
  if (!counting) return;
  count += 1;
  if (log !== undefined) real.appendFileSync(log, `${count} ${name} ${path.slice(root.length)} ${text}\n`);
  if (count !== strikeAt) return;
  if (strike === 'fill') return fill();
  if (strike === 'interrupt' || strike === 'freeze') {
    process.kill(process.pid, strike === 'freeze' ? 'SIGSTOP' : 'SIGINT');
    return;
  }
  if (strike === 'torn') half?.();
  process.kill(process.pid, 'SIGKILL');
  // The signal is delivered before the next line runs; a loop makes sure that nothing follows.
  for (;;);
}

/** Takes all free space of the file system, down to the last byte. */
function fill(): void {
  const fd = real.openSync(hog, 'w');
  for (let size = 1 << 20; size >= 1; size = Math.floor(size / 2)) {
    const block = Buffer.alloc(size, 1);
    try {
      for (;;) real.writeSync(fd, block);
    } catch {
      // Full for this size of block; a smaller one may still fit.
    }
  }
  real.closeSync(fd);
}

function wrap(owner: Record<string, unknown>, name: string, before: (args: unknown[]) => void): void {
  const original = owner[name] as Call;
  owner[name] = function wrapped(this: unknown, ...args: unknown[]): unknown {
    before(args);
    return original.apply(this, args);
  };
}

/** What is written, where it is one short line. */
function textOf(data: unknown): string {
  const text = typeof data === 'string' ? data : data instanceof Uint8Array ? lineOf(data) : '';
  return text.length > longest ? '' : text.trimEnd().replaceAll('\n', ' ');
}

const longest = 10_000;

function lineOf(data: Uint8Array): string {
  return data.length > longest ? '' : Buffer.from(data).toString();
}

function halfOf(fd: number, data: unknown, rest: unknown[]): () => void {
  return () => {
    if (!ArrayBuffer.isView(data)) return;
    const [offset, length, position] = rest.map((each) => (typeof each === 'number' ? each : undefined));
    const from = offset ?? 0;
    const half = Math.floor((length ?? data.byteLength - from) / 2);
    real.writeSync(fd, data as Uint8Array, from, half, position ?? null);
  };
}

const descriptorChanges = ['write', 'writev', 'ftruncate', 'fsync', 'fdatasync'];
const pathChanges = [
  'rename',
  'link',
  'symlink',
  'unlink',
  'mkdir',
  'mkdtemp',
  'rmdir',
  'rm',
  'truncate',
  'writeFile',
  'appendFile',
  'copyFile',
  'chmod',
];
const functions = fs as unknown as Record<string, unknown>;
const promises = fs.promises as unknown as Record<string, unknown>;

for (const name of descriptorChanges) {
  for (const each of [name, `${name}Sync`]) {
    wrap(functions, each, ([fd, data, ...rest]) => {
      const path = paths.get(fd as number);
      if (path !== undefined) change(name, path, halfOf(fd as number, data, rest), textOf(data));
    });
  }
}
for (const name of pathChanges) {
  const before = (args: unknown[]): void => {
    const path = [args[0], args[1]].find(below);
    if (path !== undefined) change(name, path);
  };
  for (const each of [name, `${name}Sync`]) wrap(functions, each, before);
  wrap(promises, name, before);
}

function creates(flags: unknown): boolean {
  return typeof flags === 'string' ? flags !== 'r' : typeof flags === 'number' && (flags & 3) !== 0;
}

const openSync = fs.openSync;
fs.openSync = function opened(...args): number {
  if (below(args[0]) && creates(args[1])) change('open', args[0]);
  const fd = openSync(...args);
  if (below(args[0])) paths.set(fd, args[0]);
  return fd;
};
const open = fs.open as Call;
functions['open'] = function opened(...args: unknown[]): unknown {
  const [path, flags] = args;
  if (below(path) && creates(flags)) change('open', path);
  const done = args.at(-1) as Call;
  return open(...args.slice(0, -1), (error: unknown, fd: number) => {
    if (fd !== undefined && below(path)) paths.set(fd, path);
    return done(error, fd);
  });
};
for (const name of ['close', 'closeSync']) wrap(functions, name, ([fd]) => paths.delete(fd as number));

const promisedOpen = promises['open'] as (...args: unknown[]) => Promise<fs.promises.FileHandle>;
const probe = await promisedOpen('/dev/null', 'r');
const handle = Object.getPrototypeOf(probe) as Record<string, unknown>;
await probe.close();
promises['open'] = async function opened(...args: unknown[]): Promise<unknown> {
  const [path, flags] = args;
  if (below(path) && creates(flags)) change('open', path);
  const opened = await promisedOpen(...args);
  if (below(path)) paths.set(opened.fd, path);
  return opened;
};
for (const [method, name] of [
  ['write', 'write'],
  ['writev', 'writev'],
  ['writeFile', 'write'],
  ['appendFile', 'write'],
  ['truncate', 'ftruncate'],
  ['sync', 'fsync'],
  ['datasync', 'fdatasync'],
  ['chmod', 'chmod'],
] as const) {
  const original = handle[method] as Call;
  handle[method] = function wrapped(this: { fd: number }, ...args: unknown[]): unknown {
    const path = paths.get(this.fd);
    if (path !== undefined) change(name, path, halfOf(this.fd, args[0], args.slice(1)), textOf(args[0]));
    return original.apply(this, args);
  };
}
const closeHandle = handle['close'] as Call;
handle['close'] = function closed(this: { fd: number }, ...args: unknown[]): unknown {
  paths.delete(this.fd);
  return closeHandle.apply(this, args);
};
syncBuiltinESMExports();
