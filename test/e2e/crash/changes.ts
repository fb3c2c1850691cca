import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SeededRandom } from '@holdfast/test-servers';
import { type Fault, type Finished, holdfast } from '../product.ts';

/** One change of the file system that a command makes: its number (from 1), the call, and the path below the root. */
export interface Change {
  readonly at: number;
  readonly call: string;
  readonly path: string;
  /** What is being written there: `claim`, `object`, `manifest`, `lease take`, `queue item`… */
  readonly of: string;
}

/** A point at which a process can die. */
export interface Death {
  readonly at: number;
  readonly how: 'kill' | 'torn';
  readonly what: string;
  readonly of: string;
}

/** Runs a command undisturbed and lists every change that it makes below `root`. */
export async function changesOf(
  root: string,
  args: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<readonly Change[]> {
  const { finished, changes } = await toldOf(args, { root }, env);
  if (finished.status !== 0) throw new Error(finished.stderr);
  return changes;
}

/** Runs a command and tells what it changed; the last change is the one that it was killed at. */
export async function toldOf(
  args: readonly string[],
  fault: Fault,
  env?: NodeJS.ProcessEnv,
): Promise<{ finished: Finished; changes: readonly Change[] }> {
  const log = join(tmpdir(), `holdfast-changes-${process.pid}`);
  rmSync(log, { force: true });
  try {
    const finished = await holdfast(args, { ...fault, log }, env);
    return { finished, changes: existsSync(log) ? readChanges(log) : [] };
  } finally {
    rmSync(log, { force: true });
  }
}

/** Runs a command that is struck at a change. */
export async function struck(
  root: string,
  args: readonly string[],
  at: number,
  how: Fault['do'],
): Promise<Finished> {
  return await holdfast(args, { root, at, ...(how !== undefined && { do: how }) });
}

/** Every point at which a process can die: before each change, in the middle of each write, and never. */
export function deathsOf(changes: readonly Change[]): Death[] {
  return changes.flatMap(({ at, call, path, of }) => [
    { at, how: 'kill' as const, what: `${call} ${path}`, of },
    ...(call === 'write' || call === 'writev'
      ? [{ at, how: 'torn' as const, what: `${call} ${path}`, of }]
      : []),
  ]);
}

/**
 * Some of the points: of each thing that is written as many as `each` says, and of each call, and each torn one, at
 * least one. Which ones is up to the seed; the order stays.
 */
export function someOf<T extends { readonly of: string }>(
  points: readonly T[],
  callOf: (point: T) => string,
  each: number,
  random: SeededRandom,
): T[] {
  const order = points.map((point) => ({ point, key: random.next() })).sort((a, b) => a.key - b.key);
  const chosen = new Set<T>();
  for (const { point } of order) {
    const alike = [...chosen].filter(({ of }) => of === point.of);
    if (alike.length < each) chosen.add(point);
  }
  for (const { point } of order) {
    if (![...chosen].some((other) => callOf(other) === callOf(point))) chosen.add(point);
  }
  return points.filter((point) => chosen.has(point));
}

/** The seed of this run: `HOLDFAST_SEED`, or another one each time. It is printed, so that a failure can be had again. */
export function seedOf(what: string): number {
  const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 1_000_000);
  console.log(`${what}: the same points with HOLDFAST_SEED=${seed}`);
  return seed;
}

/** What text of a file says of it. */
const writings: readonly (readonly [pattern: RegExp, of: string])[] = [
  [/"kind": "Claim"/, 'claim'],
  [/"kind": "LeaseEntry".*"act": "take"/, 'lease take'],
  [/"kind": "LeaseEntry".*"act": "commit"/, 'lease commit'],
  [/"kind": "LeaseEntry".*"act": "release"/, 'lease release'],
  [/"kind": "LeaseEntry"/, 'lease entry'],
  [/vnd\.holdfast\.manifest/, 'manifest'],
  [/vnd\.holdfast\.evidence|"kind": "Evidence"/, 'evidence'],
  [/"kind": "(RepositoryMemory|RepositoryPlace)"/, 'memory'],
];

/** What a path alone says. */
const places: readonly (readonly [pattern: RegExp, of: string])[] = [
  [/\/queue\/.*\.lock/, 'queue lock'],
  [/\/queue(\/|$)/, 'queue item'],
  [/\/repositories(\/|$)/, 'memory'],
  [/claim-\d+\.json$/, 'end of the claim'],
];

/** What is made next to other files and gets its name at the end is told by what is written into it. */
function readChanges(log: string): Change[] {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  const calls = lines.map((line) => {
    const [at = '', call = '', path = ''] = line.split(' ', 3);
    return { at: Number(at), call, path, text: line.slice(at.length + call.length + path.length + 3) };
  });
  const staged = new Map<string, string>();
  for (const { call, path, text } of calls) {
    if (!/\/\.staging\/./.test(path) || !call.startsWith('write') || staged.has(path)) continue;
    staged.set(path, named(writings, text) ?? 'object');
  }
  let last = 'claim';
  return calls.map(({ at, call, path }) => {
    last = staged.get(path) ?? named(places, path) ?? last;
    return { at, call, path, of: last };
  });
}

function named(from: readonly (readonly [RegExp, string])[], text: string): string | undefined {
  return from.find(([pattern]) => pattern.test(text))?.[1];
}
