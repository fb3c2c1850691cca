import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { operationState, type SnapshotManifest } from '@holdfast/model';
import { openRepository, type ClientKeys, type Repository } from '@holdfast/repository';
import { SigningKey } from '@holdfast/repository/manifest';
import { generateSecretKey } from '@holdfast/repository/object';
import { evidenceOf, storeSealed } from '@holdfast/repository/testing';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { hashed } from './lead/testing/plan.ts';
import { codeOf, stageIn, whole } from './lead/testing/stage.ts';
import { resumeRestore } from './lead/lead.ts';
import { doingOrder } from './lead/step-order.ts';
import { planRestore } from './plan/index.ts';
import { context, etcdId, lost, off, sample, three, World } from './plan/test-world.ts';
import { isPlanned } from './planned-content.ts';
import { restoreDatadir } from './restore-datadir.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-planned-'));
afterAll(() => rmSync(base, { recursive: true }));

const secret = await generateSecretKey();
const [node, thief] = [SigningKey.generate(), SigningKey.generate()];
const opening: ClientKeys = { opening: async () => ({ keys: [secret] }) };
const reader: ClientKeys = { ...opening, trusted: [node.publicKey] };
const uid = '59c5e2dd-5902-44f8-a77e-cc5978b96b4c';
const otherUid = '7d2a1c9b-0f3e-4b6d-8a55-1e2f3a4b5c6d';

let world: World;
beforeEach(async () => {
  world = await World.of(three(off(), lost, lost));
  return () => rmSync(world.folder, { recursive: true });
});

const opened = (keys: ClientKeys = reader, create = false): Promise<Repository> =>
  openRepository(join(world.folder, 'repository'), { create, keys });

/** The sample, sealed and signed, in a repository opened by who may read it. */
async function stored(
  name = 'nightly',
  { signing = node, verified = true, hour = 0, kubernetesUid = null as string | null, cluster = 'prod' } = {},
): Promise<Repository> {
  const writer = await opened({ signing }, true);
  const record = await writer.addCluster(cluster, kubernetesUid ?? undefined);
  const at = `2026-11-20T0${hour}:00:00.000Z`;
  const changes: Partial<SnapshotManifest> = {
    ...{ revision: 61, compactRevision: 30, times: { startedAt: at, finishedAt: at } },
    cluster: { id: record.id, name: record.name, etcdId, kubernetesUid },
  };
  await storeSealed(writer, record, name, sample, { recipients: [secret.publicKey], changes });
  if (verified) await writer.addEvidence({ name, cluster: record }, evidenceOf(name, at, 'passed', sample));
  return await opened();
}

const planOf = async (repository: Repository, more: Parameters<World['request']>[0] = {}) =>
  await planRestore(context, world.request({ repository, way: 'snapshot', ...more }));
const check = (plan: Awaited<ReturnType<typeof planOf>>, id: string) =>
  plan.checks.find((each) => each.id === id);

/** Its plan for members that lie nowhere. */
const sealed = async (repository: Repository) => {
  const { source } = await planOf(repository);
  return hashed({ ...whole, source });
};
/** The bytes that a node is given. */
const fetched = async (plan: typeof whole, repository: Repository | undefined): Promise<Buffer> => {
  const state = operationState(plan.steps, []);
  const origins = { nodes: () => undefined as never, ...(repository && { repository }) };
  const { artefact } = doingOrder(plan, state, 'fetch', plan.members[0]!, origins);
  return await buffer(artefact!.open(context.signal));
};

describe('the plan of a sealed snapshot', () => {
  test('names where it is stored, and its checks read what is sealed', async () => {
    const repository = await stored();
    const plan = await planOf(repository);
    const { cluster } = await repository.snapshot('nightly');
    expect(plan.source).toMatchObject({
      label: 'nightly',
      path: null,
      stored: { repository: repository.location, clusterId: cluster.id, name: 'nightly' },
      size: sample.length,
    });
    expect(check(plan, 'P1')).toMatchObject({
      outcome: 'passed',
      detail: expect.stringContaining('SHA-256 is unchanged') as string,
    });
    expect(check(plan, 'P2')?.evidence).toMatchObject({ members: [{}] });
    expect(check(plan, 'P4')).toMatchObject({ evidence: { snapshot: '3.6.0' } });
    expect(isPlanned(plan.source as never, await repository.snapshot('nightly'))).toBe(true);
  });

  test('that was never verified has it read to its end, and damage is told', async () => {
    const repository = await stored('nightly', { verified: false });
    const whole = await planOf(repository, { snapshot: 'nightly' });
    expect(check(whole, 'P1')?.detail).toContain('every page and every record were read');
    const { path } = await repository.snapshot('nightly');
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    expect(check(await planOf(repository, { snapshot: 'nightly' }), 'P1')).toMatchObject({
      outcome: 'failed',
    });
    truncateSync(path, 100);
    await expect(planOf(repository, { snapshot: 'nightly' })).rejects.toMatchObject({
      code: 'snapshot-damaged',
    });
  });

  test('cannot be checked without a key', async () => {
    await stored();
    const keyless = await opened({ trusted: [node.publicKey] });
    expect(check(await planOf(keyless), 'P1')).toMatchObject({
      outcome: 'failed',
      evidence: { code: 'key-missing' },
    });
  });
});

describe('a snapshot that nobody vouches for', () => {
  test('is passed over, and refused by its name', async () => {
    await stored();
    const repository = await stored('forged', { signing: thief, hour: 1 });
    expect((await planOf(repository)).source).toMatchObject({ label: 'nightly' });
    await expect(planOf(repository, { snapshot: 'forged' })).rejects.toMatchObject({
      code: 'manifest-untrusted',
    });
    const snapshot = await repository.snapshot('forged');
    const dataDir = join(world.folder, 'data');
    const member = {
      name: 'm1',
      initialCluster: 'm1=http://10.0.0.1:2380',
      peerUrls: ['http://10.0.0.1:2380'],
    };
    await expect(
      restoreDatadir(context, { source: { repository, snapshot }, dataDir, ...member }),
    ).rejects.toMatchObject({ code: 'manifest-untrusted' });
  });

  test('alone is named as the reason why there is none', async () => {
    const repository = await stored('forged', { signing: thief });
    await expect(planOf(repository)).rejects.toMatchObject({
      code: 'restore-impossible',
      why: expect.stringContaining('forged is not trusted (') as string,
    });
  });
});

describe('the UID of Kubernetes decides of which cluster a snapshot is', () => {
  test('whatever etcd calls it', async () => {
    const repository = await stored('nightly', { kubernetesUid: uid });
    world.become(three(off({ clusterId: 'beef' }), lost, lost));
    expect(check(await planOf(repository), 'P2')).toMatchObject({
      outcome: 'passed',
      evidence: { kubernetes: { snapshot: uid, cluster: uid } },
    });
    await stored('theirs', { kubernetesUid: otherUid, cluster: 'other' });
    world.become(three(off(), lost, lost));
    const request = { snapshot: 'theirs', repositoryCluster: 'other' };
    expect(check(await planOf(repository, request), 'P2')).toMatchObject({ outcome: 'failed' });
    expect(check(await planOf(repository, { ...request, clone: true }), 'P2')).toMatchObject({
      outcome: 'warned',
    });
  });
});

describe('what a restore reads from its repository', () => {
  test('is what etcd sent, each time anew', async () => {
    const repository = await stored();
    const plan = await sealed(repository);
    for (let i = 0; i < 2; i += 1) expect((await fetched(plan, repository)).equals(sample)).toBe(true);
  });

  test('is refused when it is another one than was planned, or not to be trusted any more', async () => {
    const plan = await sealed(await stored());
    const changed = hashed({ ...plan, source: { ...plan.source, sha256: 'ab'.repeat(32) } as never });
    await expect(fetched(changed, await opened())).rejects.toMatchObject({ code: 'snapshot-damaged' });
    const wary = await opened({ ...opening, trusted: [thief.publicKey] });
    await expect(fetched(plan, wary)).rejects.toMatchObject({ code: 'manifest-untrusted' });
    const elsewhere = await openRepository(join(world.folder, 'elsewhere'), { create: true });
    await expect(fetched(plan, elsewhere)).rejects.toMatchObject({ code: 'restore-refused' });
  });

  test('is there and opens before anything is touched', async () => {
    const repository = await stored();
    const plan = await sealed(repository);
    const without = stageIn(base, plan);
    await expect(without.run()).rejects.toMatchObject({
      code: 'restore-refused',
      why: expect.stringContaining(`--repo ${repository.location}`) as string,
    });
    const keyless = stageIn(base, plan, { repository: await opened({ trusted: [node.publicKey] }) });
    expect(await codeOf(keyless.run())).toBe('key-missing');
    expect([...without.world.acts, ...keyless.world.acts]).toEqual([]);
    const made = stageIn(base, plan, { repository });
    expect(await made.run()).toMatchObject({ outcome: 'finished' });
  });

  test('is asked for again only while a member still needs it', async () => {
    const plan = await sealed(await stored());
    for (const [stop, outcome] of [
      ['lock', 'restore-refused'],
      ['stop', 'done'],
    ] as const) {
      const { run, again, context, person, world } = stageIn(base, plan, {
        repository: await opened(),
        onRecord: ({ event, step }) =>
          event === 'begin' &&
          plan.steps[(step ?? 0) - 1]?.kind === stop &&
          person.abort(new Error('Ctrl-C')),
      });
      expect(await codeOf(run())).toBe('restore-paused');
      const acts = world.acts.length;
      const { repository: _, onRecord: __, ...bare } = again;
      const now = { ...context, signal: new AbortController().signal };
      expect(await codeOf(resumeRestore(now, bare))).toBe(outcome);
      if (outcome !== 'done') expect(world.acts.length).toBe(acts);
    }
  });
});
