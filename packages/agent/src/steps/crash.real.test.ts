import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { StepEvidence } from '@holdfast/engine';
import type { StepKind } from '@holdfast/model';
import { inTurn } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testMember, testPlan, TestRestore } from './test-restore.ts';
import type { StepsOrder } from './test-steps.ts';

const fixture = new URL('../../../../test/fixtures/snapshots/etcd-3.6.16.db.gz', import.meta.url);
const strike = new URL('../../../../test/e2e/fault/strike-at-change.ts', import.meta.url).href;
const script = new URL('test-steps.ts', import.meta.url).pathname;

const timeout = 600_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-steps-'));
  writeFileSync(join(folder, 'snapshot.db'), gunzipSync(readFileSync(fixture)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A member's folders of its own for each run. */
class Ground {
  readonly root: string;
  readonly journal: string;
  readonly restore: TestRestore;
  readonly #bare: boolean;

  /** @param bare whether there is neither data nor a folder for it */
  constructor(name: string, bare: boolean) {
    this.#bare = bare;
    this.root = join(folder, name);
    this.journal = join(folder, `${name}.journal`);
    const member = testMember(this.root, {
      dataDir: join(this.root, 'a/data'),
      walDir: join(this.root, 'a/log'),
    });
    this.restore = new TestRestore(testPlan([member], join(folder, 'snapshot.db')), member);
    mkdirSync(this.root);
    if (bare) return;
    mkdirSync(join(this.root, 'a/data/member/snap'), { recursive: true });
    mkdirSync(join(this.root, 'a/log'));
    writeFileSync(join(this.root, 'a/data/member/snap/db'), 'old');
    for (const name of ['0.wal', '1.wal', '1.tmp']) writeFileSync(join(this.root, 'a/log', name), name);
  }

  /** Takes steps in a process that is killed before its change `at`; tells what is left to do. */
  async struck(
    way: StepsOrder['way'],
    kinds: readonly StepKind[],
    at: number,
    how: 'kill' | 'torn',
    { keepNew, log = '' }: { keepNew?: true; log?: string } = {},
  ): Promise<readonly StepKind[]> {
    const { plan, member, found } = this.restore;
    const order: StepsOrder = {
      ...{ way, kinds, plan, member, found, journal: this.journal },
      ...(keepNew !== undefined && { keepNew }),
    };
    writeFileSync(this.journal, '');
    const child = spawn(process.execPath, ['--import', strike, script, JSON.stringify(order)], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        FAULT_ROOT: this.root,
        FAULT_AT: String(at),
        FAULT_DO: how,
        ...(log !== '' && { FAULT_LOG: log }),
      },
    });
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect([code, signal]).toEqual(at === 0 ? [0, null] : [null, 'SIGKILL']);
    const lines = readFileSync(this.journal, 'utf8').split('\n').slice(0, -1);
    const done = lines.map((line) => JSON.parse(line) as { kind: StepKind; evidence: StepEvidence });
    if (way === 'perform') for (const { kind, evidence } of done) this.restore.found[kind] = evidence;
    return kinds.slice(done.length);
  }

  /** Unless the name `member` is barred, an etcd that is started there must see a log. */
  expectSafe(): void {
    const member = join(this.root, 'a/data/member');
    if (this.#bare || lstatSync(member, { throwIfNoEntry: false })?.isFile() === true) return;
    expect(readdirSync(join(this.root, 'a/log')).filter((name) => name.endsWith('.wal'))).not.toEqual([]);
  }

  /** Every path with what it is; of a log's file only its beginning is read, it is 64 MB of zeros. */
  tree(): string[] {
    if (!existsSync(this.root)) return [];
    return readdirSync(this.root, { recursive: true, encoding: 'utf8' })
      .toSorted()
      .map((path) => {
        const stats = lstatSync(join(this.root, path));
        const mode = (stats.mode & 0o777).toString(8);
        if (!stats.isFile()) return `${path} ${mode}`;
        if (path.endsWith('holdfast-restore.json')) return `${path} ${mode}`;
        const bytes = readFileSync(join(this.root, path));
        const hash = createHash('sha256').update(bytes.subarray(0, 100_000)).digest('hex');
        return `${path} ${mode} ${stats.size} ${stats.nlink} ${hash}`;
      });
  }
}

/** The steps that were begun, the last first. */
function upTo(kinds: readonly StepKind[], last: StepKind | undefined): StepKind[] {
  return kinds.slice(0, kinds.findIndex((kind) => kind === last) + 1).toReversed();
}

interface Death {
  readonly at: number;
  readonly how: 'kill' | 'torn';
}

/**
 * Before every change, and in the middle of every write. Of the building of a data directory, which has a crash test of
 * its own, some will do.
 */
async function deaths(
  ground: Ground,
  way: StepsOrder['way'],
  kinds: readonly StepKind[],
  more: { keepNew?: true } = {},
): Promise<Death[]> {
  const log = `${ground.journal}.log`;
  rmSync(log, { force: true });
  await ground.struck(way, kinds, 0, 'kill', { ...more, log });
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  return lines.flatMap((line, i): Death[] => {
    const at = i + 1;
    if (/\/holdfast-r-[^/]+\/(?:data|holdfast-|0+-)/.test(line) && i % 8 !== 0) return [];
    return line.includes(' write ')
      ? [
          { at, how: 'kill' },
          { at, how: 'torn' },
        ]
      : [{ at, how: 'kill' }];
  });
}

/** Some at a time, each on a ground of its own: a process that is about to be killed mostly waits. */
async function each(
  all: readonly Death[],
  bare: boolean,
  act: (ground: Ground, death: Death) => Promise<void>,
): Promise<void> {
  const left = inTurn(all, 4);
  const one = async (): Promise<void> => {
    for (let death = left.pop(); death !== undefined; death = left.pop()) {
      const ground = new Ground(`${death.at}-${death.how}`, bare);
      await act(ground, death);
      rmSync(ground.root, { recursive: true });
    }
  };
  await Promise.all([one(), one(), one()]);
}

describe.each([
  ['with data, and a log elsewhere', false, ['lock', 'fetch', 'keep', 'stage', 'place']],
  ['with nothing there', true, ['lock', 'keep']],
] as const)('%s', (_, bare, there) => {
  let initial: string[];
  let final: string[];
  let all: Death[];
  beforeAll(async () => {
    const ground = new Ground('undisturbed', bare);
    initial = ground.tree();
    all = await deaths(ground, 'perform', there);
    final = ground.tree();
    rmSync(ground.root, { recursive: true });
    expect(final).not.toEqual(initial);
    expect(all.length).toBeGreaterThan(20);
  });

  test(
    'steps that were killed at any change are gone on with as if they had not been',
    { timeout },
    async () => {
      await each(all, bare, async (ground, { at, how }) => {
        const left = await ground.struck('perform', there, at, how);
        ground.expectSafe();
        await ground.restore.perform(left);
        expect([at, how, ground.tree()]).toEqual([at, how, final]);
      });
    },
  );

  test('steps that were killed at any change are undone as if they had not been', { timeout }, async () => {
    await each(all, bare, async (ground, { at, how }) => {
      const [last] = await ground.struck('perform', there, at, how);
      await ground.restore.undo(upTo(there, last));
      expect([at, how, ground.tree()]).toEqual([at, how, initial]);
    });
  });

  test.each<[string, readonly StepKind[], { keepNew?: true }]>([
    ['', there, {}],
    [' after the end', [...there, 'unlock'], { keepNew: true }],
  ])('an undoing%s that was killed at any change is gone on with', { timeout }, async (_, done, more) => {
    const ground = new Ground('undisturbed', bare);
    await ground.restore.perform(done);
    const undone = await deaths(ground, 'undo', done.toReversed(), more);
    const end = ground.tree();
    if (more.keepNew !== true) expect(end).toEqual(initial);
    rmSync(ground.root, { recursive: true });
    await each(undone, bare, async (ground, { at, how }) => {
      await ground.restore.perform(done);
      const left = await ground.struck('undo', done.toReversed(), at, how, more);
      ground.expectSafe();
      await ground.restore.undo(left, more);
      expect([at, how, ground.tree()]).toEqual([at, how, end]);
    });
  });
});
