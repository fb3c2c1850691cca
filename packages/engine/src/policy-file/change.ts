import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Clock, Failure } from '@holdfast/base';
import type { Policy, WrittenPolicy } from '@holdfast/model';
import { isSystemError, makeFolder, readTextFile, writing } from '@holdfast/repository';
import { type Document, isMap, isSeq, type YAMLSeq } from 'yaml';
import { writeDurably } from '../durable-file.ts';
import { holdFolder } from '../process-lock.ts';
import { checkedText, type CheckedText } from './checked-text.ts';
import { policiesIn } from './read.ts';

/** What becomes of a policy; undefined: it is not there, or is to be removed. */
export type PolicyEdit = (policy: WrittenPolicy | undefined) => WrittenPolicy | undefined;

/** How long another one's change is waited for, and how often it is looked whether that has ended. */
const patience = { tries: 100, everyMs: 50 };

/**
 * Changes one policy of a policy file, which is made where there is none. Comments, order, and all that stays as it was are
 * kept. Only one process at a time changes the file, and whoever reads it finds the old one or the new one.
 *
 * @returns the policy as it is now; undefined: it was removed
 * @throws Failure `policy-invalid` when the file is not valid as it is, `policy-refused` when it would not be any more,
 *   `policy-busy`, `file-unreadable`, `file-unwritable`, `disk-full`, and what `edit` throws; nothing is written then
 */
export async function changePolicy(
  path: string,
  name: string,
  edit: PolicyEdit,
  clock: Clock,
): Promise<Policy | undefined> {
  const file = await targetOf(path);
  const release = await held(file, clock);
  try {
    const now = clock.now();
    const text = await readTextFile(file);
    const { document, policies } = policiesIn(text ?? emptyFile, path, now);
    const at = policies.findIndex((each) => each.name === name);
    const written = (document.toJS() as { policies: WrittenPolicy[] }).policies[at];
    const next = edit(written === undefined ? undefined : structuredClone(written));
    if (isDeepStrictEqual(written, next)) return policies[at];
    put(document, at === -1 ? policies.length : at, written, next);
    const changed = textOf(document, name);
    const checked = fitting(changed, name, now);
    refuseShared(name, policies, checked.policies);
    // Who may read it is for its owner to say: the daemon may be another user.
    await writeDurably(file, changed, text === undefined ? undefined : await stat(file));
    return checked.policies.find((each) => each.name === name);
  } finally {
    await release();
  }
}

const emptyFile = 'apiVersion: holdfast.dev/v1\nkind: Policies\npolicies: []\n';

/** What a link points at: replacing the link itself would leave what others read as it was. */
async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return path;
    throw new Failure('file-unreadable', (error as Error).message, { path }, { cause: error });
  }
}

async function held(path: string, clock: Clock): Promise<() => Promise<void>> {
  const folder = dirname(path);
  await writing(folder, () => makeFolder(folder));
  for (let left = patience.tries; ; left -= 1) {
    const release = await holdFolder(folder);
    if (typeof release === 'function') return release;
    if (left === 0) throw new Failure('policy-busy', release.by, { path });
    await clock.sleep(patience.everyMs);
  }
}

function fitting(text: string, name: string, now: Date): CheckedText {
  const checked = checkedText(text, now);
  if ('policies' in checked) return checked;
  throw new Failure('policy-refused', checked.problem, { name });
}

/** What another policy takes over from one that goes is missing then. */
function textOf(document: Document, name: string): string {
  try {
    return document.toString({ lineWidth: 0 });
  } catch (cause) {
    throw new Failure('policy-refused', isShared, { name }, { cause });
  }
}

const isShared = 'it shares a part with another policy by a YAML alias, so the file has to be edited by hand';

/** Two policies that share a part by an alias of YAML cannot be changed apart. */
function refuseShared(name: string, before: readonly Policy[], after: readonly Policy[]): void {
  const others = (policies: readonly Policy[]): Policy[] => policies.filter((each) => each.name !== name);
  if (isDeepStrictEqual(others(before), others(after))) return;
  throw new Failure('policy-refused', isShared, { name });
}

function put(
  document: Document,
  at: number,
  before: WrittenPolicy | undefined,
  after: WrittenPolicy | undefined,
): void {
  if (after === undefined) document.deleteIn(['policies', at]);
  else merge(document, ['policies', at], before, after);
  const list = document.get('policies');
  // A list that was empty is written [], and in one line everything that comes into it would be too.
  if (isSeq(list) && before === undefined) list.flow = false;
}

/** Sets what differs and nothing else, so that what a person wrote beside the rest stays. */
function merge(
  document: Document,
  path: readonly (string | number)[],
  before: unknown,
  after: unknown,
): void {
  if (isDeepStrictEqual(before, after)) return;
  const node = document.getIn(path, true);
  if (Array.isArray(before) && Array.isArray(after) && isSeq(node))
    return mergeList({ document, path, node }, before, after);
  if (!isRecord(before) || !isRecord(after) || !isMap(node))
    return document.setIn(path, document.createNode(after));
  for (const key of Object.keys(before)) {
    if (after[key] === undefined) document.deleteIn([...path, key]);
  }
  for (const [key, value] of Object.entries(after)) {
    if (value !== undefined) merge(document, [...path, key], before[key], value);
  }
}

interface ListPlace {
  readonly document: Document;
  readonly path: readonly (string | number)[];
  readonly node: YAMLSeq;
}

/** An entry for the same repository as one before is that one, wherever it stands. */
function mergeList({ document, path, node }: ListPlace, before: unknown[], after: unknown[]): void {
  const items = [...node.items];
  const places = after.map((entry) =>
    isRecord(entry)
      ? before.findIndex((old) => isRecord(old) && old['repository'] === entry['repository'])
      : -1,
  );
  node.items = places.map((place, at) => (place === -1 ? document.createNode(after[at]) : items[place]));
  for (const [at, place] of places.entries()) {
    if (place !== -1) merge(document, [...path, at], before[place], after[at]);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
