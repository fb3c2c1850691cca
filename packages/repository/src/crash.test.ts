import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, isFailure, systemClock } from '@holdfast/base';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { openRepository, type Repository } from './repository.ts';
import { LocalStorage } from './storage/local/local.ts';
import { Died, FaultyStorage } from './testing/faulty.ts';
import { evidenceOf, manifestOf, storeSnapshot } from './testing/snapshot.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-crash-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;
const folder = (): string => join(base, String((count += 1)));
const plain = { role: 'snapshot', encoding: 'plain' } as const;
const contentOf = (name: string): Buffer => Buffer.from(`content of ${name}`);

/** Makes every claim and lease in a repository that of a process that has ended, as it would be after a real death. */
function bury(path: string): void {
  if (!existsSync(path)) return;
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
    if (!/\/(?:claim-|lease\/)\d+\.json$/.test(name)) continue;
    const claim = readFileSync(join(path, name), 'utf8');
    writeFileSync(join(path, name), claim.replace(/"started": ".*"/, '"started": "0"'));
  }
}

async function act(
  repository: Repository,
  kind: 'save' | 'delete' | 'evidence' | 'pin',
  name: string,
): Promise<void> {
  const cluster = await repository.addCluster('prod');
  if (kind === 'save') return storeSnapshot(repository, cluster, name, contentOf(name));
  if (kind === 'delete') return repository.deleteSnapshot(cluster.id, name);
  const snapshot = await repository.snapshot(name);
  if (kind === 'pin') await repository.pin(snapshot, 'why');
  else await repository.addEvidence(snapshot, evidenceOf(name, '2026-11-20T12:00:00Z', 'passed'));
}

/** Nothing is listed that is not whole: every entry has its file with its very bytes, no record is torn. */
async function expectWhole(repository: Repository): Promise<string[]> {
  const { snapshots, damaged } = await repository.snapshots();
  expect(damaged).toEqual([]);
  for (const { damage, name, path } of snapshots) {
    expect(damage).toBeNull();
    expect(readFileSync(path)).toEqual(contentOf(name));
  }
  return snapshots.map(({ name }) => name);
}

test('whatever dies after whichever change, nothing is listed that is not whole, and names are not lost', async () => {
  const step = fc.record({
    kind: fc.constantFrom('save', 'save', 'delete', 'evidence', 'pin'),
    name: fc.constantFrom('a', 'b'),
    changes: fc.oneof(fc.nat(9), fc.constant(Infinity)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const path = folder();
      for (const { kind, name, changes } of steps) {
        const storage = new FaultyStorage(new LocalStorage(path));
        storage.dieAfter(changes);
        try {
          await act(await openRepository(storage, { create: true }), kind, name);
        } catch (error) {
          if (!(error instanceof Died) && !isFailure(error)) throw error;
        }
        bury(path);
      }
      const repository = await openRepository(path, { create: true });
      const listed = await expectWhole(repository);
      for (const name of ['a', 'b']) {
        if (!listed.includes(name)) await act(repository, 'save', name);
        await act(repository, 'delete', name);
      }
      expect(await repository.snapshots()).toMatchObject({ snapshots: [], damaged: [], unfinished: [] });
    }),
    { numRuns: 30 },
  );
}, 60_000);

test('a save that fails at any change leaves nothing and says why; the next one with its name succeeds', async () => {
  const whole = new FaultyStorage(new LocalStorage(folder()));
  await act(await openRepository(whole, { create: true }), 'save', 'a');
  for (const [at, change] of whole.changes.entries()) {
    const path = folder();
    const storage = new FaultyStorage(new LocalStorage(path));
    const step = change.split(' ')[0];
    const skip = whole.changes.slice(0, at).filter((each) => each.startsWith(`${step} `)).length;
    const fault = new Failure('file-unwritable', 'EIO', { path: 'x' });
    if (step === 'discard' || step === 'delete') continue;
    storage.failNext(step as 'put', fault, skip);
    const open = openRepository(storage, { create: true });
    const saved = await open
      .then((repository) => act(repository, 'save', 'a'))
      .then(
        () => true,
        (error: unknown) => {
          expect(error, change).toBe(fault);
          return false;
        },
      );
    bury(path);
    const repository = await openRepository(path, { create: true });
    const found = await repository.snapshots();
    expect(found, change).toMatchObject({ damaged: [], unfinished: [] });
    expect(found.snapshots, change).toHaveLength(saved ? 1 : 0);
    // What was said to be saved is; that only the lease could not be given back is no failure of a save.
    expect(saved, change).toBe(at === whole.changes.findLastIndex((each) => each.includes('/lease/')));
    if (!saved) await act(repository, 'save', 'a');
    expect(await expectWhole(repository)).toEqual(['a']);
  }
});

test('a removal that fails at any removal leaves no snapshot, and can be made again', async () => {
  const fault = new Failure('file-unwritable', 'EIO', { path: 'x' });
  for (let skip = 0; skip < 3; skip += 1) {
    const path = folder();
    const storage = new FaultyStorage(new LocalStorage(path));
    const repository = await openRepository(storage, { create: true });
    for (const kind of ['save', 'evidence', 'pin'] as const) await act(repository, kind, 'a');
    storage.failNext('delete', fault, skip);
    await expect(act(repository, 'delete', 'a')).rejects.toBe(fault);
    expect(await expectWhole(repository)).toEqual([]);
    await act(repository, 'delete', 'a');
    expect(await repository.snapshots()).toMatchObject({ snapshots: [], damaged: [], unfinished: [] });
  }
});

test('a save whose manifest is there counts, though the answer to its write was lost', async () => {
  const path = folder();
  const inner = new LocalStorage(path);
  const storage = new FaultyStorage(inner);
  const repository = await openRepository(storage, { create: true });
  const cluster = await repository.addCluster('prod');
  const put = inner.put.bind(inner);
  inner.put = async (key, bytes) => {
    const done = await put(key, bytes);
    if (key.includes('/manifest-')) throw new Failure('file-unwritable', 'EIO', { path: key });
    return done;
  };
  await storeSnapshot(repository, cluster, 'a', contentOf('a'));
  expect(await expectWhole(repository)).toEqual(['a']);
});

test('what was staged long ago is cleared away by the next save, what is new is not', async () => {
  const path = folder();
  const repository = await openRepository(path, { create: true });
  const { id } = await repository.addCluster('prod');
  const begun = async (name: string) =>
    (await repository.stageSnapshot(id, name, { unique: true })).begin(plain);
  const [old, young] = [await begun('old'), await begun('young')];
  const yesterday = systemClock.now().getTime() / 1000 - 86_401;
  utimesSync(old.path!, yesterday, yesterday);
  const next = await begun('next');
  const left = readdirSync(join(path, '.staging')).map((name) => join(path, '.staging', name));
  expect(new Set(left)).toEqual(new Set([young.path, next.path]));
});

const program = (path: string, lines: string): string => `
  import { openRepository } from ${JSON.stringify(import.meta.resolve('./index.ts'))};
  import { manifestOf, storeSnapshot } from ${JSON.stringify(import.meta.resolve('./testing/snapshot.ts'))};
  const repository = await openRepository(${JSON.stringify(path)}, { create: true });
  const cluster = await repository.addCluster('prod');
  ${lines}
`;
const run = (path: string, lines: string): ReturnType<typeof spawn> =>
  spawn(process.execPath, ['--input-type=module-typescript', '-e', program(path, lines)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

test('of several processes that save one name, each gets a name of its own or is refused, and all is whole', async () => {
  const path = folder();
  const lines = `
    const content = (name) => Buffer.from('content of ' + name);
    for (let n = 0; n < 5; n += 1) {
      const writer = await repository.stageSnapshot(cluster.id, 'same', { unique: true });
      await (await writer.begin({ role: 'snapshot', encoding: 'plain' })).write(content(writer.name));
      await writer.commit(manifestOf(writer.name, cluster, content(writer.name)));
    }
    await storeSnapshot(repository, cluster, 'fixed', content('fixed')).catch((error) => {
      if (error.code !== 'snapshot-busy' && error.code !== 'snapshot-name-taken') throw error;
    });`;
  const codes = await Promise.all(
    [1, 2, 3].map(async () => (await once(run(path, lines), 'exit'))[0] as unknown),
  );
  expect(codes).toEqual([0, 0, 0]);
  const listed = await expectWhole(await openRepository(path, { create: false }));
  expect(listed.toSorted()).toEqual(
    ['fixed', 'same', ...Array.from({ length: 14 }, (_, n) => `same.${n + 2}`)].toSorted(),
  );
}, 60_000);

test('a killed save holds its name as long as it lives and no longer', async () => {
  const path = folder();
  const child = run(
    path,
    `const writer = await repository.stageSnapshot(cluster.id, 'a', { unique: false });
     await (await writer.begin({ role: 'snapshot', encoding: 'plain' })).write(Buffer.from('half'));
     console.log('staged');
     setInterval(() => {}, 1000);`,
  );
  await once(child.stdout!, 'data');
  const repository = await openRepository(path, { create: false });
  expect((await repository.snapshots()).unfinished).toMatchObject([{ name: 'a', busy: true }]);
  await expect(act(repository, 'save', 'a')).rejects.toMatchObject({ code: 'snapshot-busy' });
  await expect(act(repository, 'delete', 'a')).rejects.toMatchObject({ code: 'snapshot-busy' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect((await repository.snapshots()).unfinished).toMatchObject([{ name: 'a', busy: false }]);
  await act(repository, 'save', 'a');
  expect(await expectWhole(repository)).toEqual(['a']);
  expect(execFileSync('find', [join(path, 'clusters'), '-name', 'claim*'], { encoding: 'utf8' })).toBe('');
}, 60_000);

test.each(['in time', 'after its staged file was cleared away'])(
  'a writer that was taken for dead takes nothing from its successor, committing %s',
  async (when) => {
    const path = folder();
    const repository = await openRepository(path, { create: true });
    const cluster = await repository.addCluster('prod');
    const writer = await repository.stageSnapshot(cluster.id, 'a', { unique: false });
    const file = await writer.begin(plain);
    await file.write(contentOf('a'));
    bury(path);
    if (when !== 'in time') rmSync(file.path!);
    const successor = await repository.stageSnapshot(cluster.id, 'a', { unique: false });
    await (await successor.begin(plain)).write(contentOf('a'));
    await expect(writer.commit(manifestOf('a', cluster, contentOf('a')))).rejects.toMatchObject({
      code: 'snapshot-name-taken',
    });
    await successor.commit(manifestOf('a', cluster, contentOf('a')));
    await writer.discard();
    expect(await expectWhole(repository)).toEqual(['a']);
    expect(readdirSync(join(path, '.staging'))).toEqual([]);
  },
);
