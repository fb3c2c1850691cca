import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EtcdCluster, seededRandom, startCluster } from '@holdfast/test-servers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { answer } from '../product.ts';
import { changesOf, deathsOf, seedOf, someOf, struck } from './changes.ts';

interface Listed {
  readonly items: readonly { readonly name: string }[];
}

/** All that a save writes in one repository. */
const written = [
  'claim',
  'object',
  'lease take',
  'manifest',
  'lease commit',
  'lease release',
  'end of the claim',
  'evidence',
];
const seed = seedOf('killed saves');

interface Checked {
  readonly ok: boolean;
  readonly read: { readonly snapshots: readonly string[] };
}

let cluster: EtcdCluster;
let folder: string;
/** A repository with one verified snapshot, copied for each try. */
let prepared: string;

beforeAll(async () => {
  cluster = await startCluster({ version: '3.6' });
  for (let i = 0; i < 100; i++) await cluster.gateway().put(`/registry/pods/p${i}`, 'x'.repeat(3_000));
  folder = mkdtempSync(join(tmpdir(), 'holdfast-crash-'));
  vi.stubEnv('HOLDFAST_STATE_DIR', join(folder, 'state'));
  prepared = join(folder, 'prepared');
  await answer('snapshot', 'save', '--endpoints', cluster.endpoints[0]!, '--repo', prepared, '--name', 'old');
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await cluster[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function save(repo: string): string[] {
  return ['snapshot', 'save', '--endpoints', cluster.endpoints[0]!, '--repo', repo, '--name', 'new'];
}

/** As it was before, also for the client, who else would see that it went back. */
function copyTo(repo: string): string {
  rmSync(join(folder, 'state'), { recursive: true, force: true });
  rmSync(repo, { recursive: true, force: true });
  cpSync(prepared, repo, { recursive: true });
  return repo;
}

/** What must hold whatever happened to a save: the old one is whole, the new one is whole or not there at all. */
async function expectWhole(repo: string): Promise<readonly string[]> {
  const { items } = await answer<Listed>('snapshot', 'list', '--repo', repo);
  const names = items.map((item) => item.name);
  expect(names).toContain('old');
  if (names.includes('new')) await answer('snapshot', 'verify', 'new', '--repo', repo);
  const { ok, read } = await answer<Checked>('repo', 'check', '--read', 'all', '--repo', repo);
  expect({ ok, read: read.snapshots.toSorted() }).toEqual({ ok: true, read: names.toSorted() });
  return names;
}

test('killed before any change of the file system, and in the middle of any write, a save lists nothing that is not whole', async () => {
  const repo = join(folder, 'repo');
  const all = deathsOf(await changesOf(repo, save(copyTo(repo))));
  const deaths = someOf(all, ({ how, what }) => `${how} ${what.split(' ')[0]}`, 2, seededRandom(seed, 1));
  expect([...new Set(deaths.map(({ of }) => of))]).toEqual(written);
  for (const { at, how, what } of deaths) {
    copyTo(repo);
    const { status } = await struck(repo, save(repo), at, how);
    expect({ what, status }).toEqual({ what, status: 137 });
    const names = await expectWhole(repo);
    if (!names.includes('new')) await answer(...save(repo));
    expect(await expectWhole(repo), `after ${how} at ${what}`).toHaveLength(2);
  }
}, 900_000);

test('Ctrl-C at any change ends with 130 and leaves nothing behind, or comes too late and all is whole', async () => {
  const repo = join(folder, 'repo');
  const changes = someOf(
    await changesOf(repo, save(copyTo(repo))),
    ({ call }) => call,
    1,
    seededRandom(seed, 2),
  );
  for (const { at, call, path } of changes) {
    copyTo(repo);
    const { status, stderr } = await struck(repo, save(repo), at, 'interrupt');
    const what = `${call} ${path}`;
    expect([0, 130], `${what}: ${stderr}`).toContain(status);
    const names = await expectWhole(repo);
    if (status === 0) expect(names, what).toContain('new');
    const left = readdirSync(repo, { recursive: true, encoding: 'utf8' }).filter((each) =>
      /staging\/.|\.part/.test(each),
    );
    expect({ what, left }).toEqual({ what, left: [] });
  }
}, 900_000);

test.skipIf(process.getuid?.() !== 0)(
  'a disk that fills up at any change fails the save with a clear error, and loses nothing',
  async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=80m', 'tmpfs', disk]);
    try {
      const repo = join(disk, 'repo');
      const changes = someOf(
        await changesOf(disk, save(copyTo(repo))),
        ({ call }) => call,
        1,
        seededRandom(seed, 3),
      );
      for (const { at, call, path } of changes) {
        rmSync(join(disk, 'hog'), { force: true });
        const { status, stderr } = await struck(disk, save(copyTo(repo)), at, 'fill');
        const what = `${call} ${path}`;
        if (status !== 0) expect(`${what}: ${stderr}`).toMatch(/no space left|not enough free space/);
        rmSync(join(disk, 'hog'), { force: true });
        const names = await expectWhole(repo);
        expect({ what, new: names.includes('new') }).toEqual({ what, new: status === 0 });
        if (status !== 0) await answer(...save(repo));
      }
    } finally {
      execFileSync('umount', [disk]);
    }
  },
  900_000,
);
