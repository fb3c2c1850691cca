import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlannedChange } from '@holdfast/model';
import { openRepository } from '@holdfast/repository';
import { SigningKey } from '@holdfast/repository/manifest';
import { generateSecretKey } from '@holdfast/repository/object';
import { evidenceOf, storeSealed } from '@holdfast/repository/testing';
import { afterEach, expect, test } from 'vitest';
import { companionsTar } from '../../companions/index.ts';
import type { CompareOrder, RestoreNode } from '../node.ts';
import { openSavedFiles } from '../saved-files.ts';
import { planHash, planRestore, readPlan } from './index.ts';
import { context, lost, off, sample, three, World } from './test-world.ts';

const worlds: World[] = [];
afterEach(async () => {
  for (const { folder } of worlds.splice(0)) await rm(folder, { recursive: true });
});

const signing = SigningKey.generate();
const secret = await generateSecretKey();
const at = new Date('2026-11-20T00:00:00.000Z');
const files = [
  { path: '/etc/x.yaml', why: 'it is needed', secret: true, content: Buffer.from('geheim'), modifiedAt: at },
];
const change: PlannedChange = {
  ...{ at: 'api', kind: 'version', what: 'kube-apiserver', path: '/api.yaml', from: 'v1.35.2' },
  ...{ to: 'v1.34.1', absent: false, how: 'manifest', applies: true, why: '', diff: null },
};

/** A cluster that is lost but for one machine, and a repository with its sealed snapshot. */
async function worldOf(version: string | null = 'v1.34.1', withFiles = true) {
  const world = await World.of(three(off(), lost, lost), { api: true });
  worlds.push(world);
  const repository = await openRepository(join(world.folder, 'repository'), {
    create: true,
    keys: { signing, opening: async () => ({ keys: [secret] }), trusted: [signing.publicKey] },
  });
  const cluster = await repository.addCluster('prod');
  const times = { startedAt: at.toISOString(), finishedAt: at.toISOString() };
  await storeSealed(repository, cluster, 'daily', sample, {
    recipients: [secret.publicKey],
    ...(withFiles && {
      companions: companionsTar({ distribution: 'kubeadm', node: 'cp-1', collectedAt: at, files, left: [] }),
    }),
    changes: {
      times,
      revision: 61,
      companions: {
        ...{ distribution: 'kubeadm', node: 'cp-1', collectedAt: at.toISOString(), files: [], left: [] },
        ...{ kubernetes: { version, uid: null }, findings: [] },
      },
    },
  });
  await repository.addEvidence({ name: 'daily', cluster }, evidenceOf('daily', at.toISOString(), 'passed'));
  const asked: CompareOrder[] = [];
  const plan = async (
    scope: 'none' | 'kubernetesVersion' | 'all',
    answer: readonly PlannedChange[] = [change],
  ) => {
    const request = world.request({ repository, scope, way: 'snapshot', snapshot: 'daily' });
    const node: Partial<RestoreNode> = {
      ...request.nodes(world.description.members[0]!),
      compare: async (order) => {
        asked.push(order);
        return answer;
      },
    };
    return planRestore(context, { ...request, nodes: () => node as RestoreNode });
  };
  return { world, repository, asked, plan };
}

test('etcd alone is brought back unless more is asked for, and a machine is asked for its version alone', async () => {
  const { plan, asked } = await worldOf();
  const made = await plan('none', []);
  expect([made.scope, made.changes, made.wanted]).toEqual(['none', undefined, undefined]);
  expect(asked).toMatchObject([{ scope: 'kubernetesVersion', wanted: { version: 'v1.34.1' } }]);
  expect(asked[0]!.artefact).toBeUndefined();
  expect(made.steps.some(({ kind }) => kind === 'configure')).toBe(false);
  expect(made.checks.find(({ id }) => id === 'P4')?.detail).not.toContain('Kubernetes');
});

test('that Kubernetes is another by now, and stays, is warned of by P4 and changes nothing', async () => {
  const { plan } = await worldOf();
  const made = await plan('none');
  expect([made.changes, made.wanted]).toEqual([undefined, undefined]);
  expect(made.steps.some(({ kind }) => kind === 'configure')).toBe(false);
  expect(made.checks.find(({ id }) => id === 'P4')).toMatchObject({
    outcome: 'warned',
    detail: expect.stringContaining(
      'the data is that of Kubernetes v1.34.1, and kube-apiserver of api is v1.35.2, which stays: --scope kubernetesVersion',
    ),
    evidence: { kubernetes: { saved: 'v1.34.1', now: ['kube-apiserver of api is v1.35.2'] } },
  });
});

test('a snapshot that does not tell its version has no machine asked', async () => {
  const { plan, asked } = await worldOf(null);
  await plan('none');
  expect(asked).toEqual([]);
});

test('the version is that of the snapshot, the change is a step, and both are hashed with the plan', async () => {
  const { plan, asked } = await worldOf();
  const made = await plan('kubernetesVersion');
  expect(made).toMatchObject({
    scope: 'kubernetesVersion',
    wanted: { version: 'v1.34.1', companions: null },
    changes: [change],
  });
  expect(made.steps.filter(({ kind }) => kind === 'configure')).toMatchObject([
    { member: 'api', phase: 'Restore' },
  ]);
  expect(
    asked.map(({ artefact, members, components }) => [artefact, members.length, components.length]),
  ).toEqual([[undefined, 3, 1]]);
  expect(readPlan(JSON.stringify(made))).toEqual(made);
  expect(planHash({ ...made, changes: [] })).not.toBe(made.hash);
});

test('the saved files are given to the machine, salted, and nothing of them is in the plan', async () => {
  const { plan, asked } = await worldOf();
  const made = await plan('all');
  expect(made.wanted?.companions).toMatchObject({ node: 'cp-1' });
  const opened = await openSavedFiles(asked[0]!.artefact!, context.signal);
  expect(opened.files.map(({ file, content }) => [file.path, String(content)])).toEqual([
    ['/etc/x.yaml', 'geheim'],
  ]);
  expect(JSON.stringify(made)).not.toContain('geheim');
  expect(JSON.stringify(made)).not.toContain(opened.files[0]!.file.sha256);
  await plan('all');
  // Whoever sees two hashes cannot even tell that they are of the same files.
  expect(asked[1]!.artefact!.sha256).not.toBe(asked[0]!.artefact!.sha256);
});

test('what only a person can change is said by P4', async () => {
  const { plan } = await worldOf();
  const made = await plan('kubernetesVersion', [
    { ...change, what: 'kubelet', applies: false, why: 'by hand' },
  ]);
  expect(made.steps.some(({ kind }) => kind === 'configure')).toBe(false);
  expect(made.checks.find(({ id }) => id === 'P4')).toMatchObject({
    outcome: 'warned',
    detail: expect.stringMatching(/a person has to bring kubelet of api from v1\.35\.2 to v1\.34\.1$/),
  });
});

test('a snapshot that has not what the scope is about is refused', async () => {
  const { plan } = await worldOf(null, false);
  await expect(plan('kubernetesVersion')).rejects.toMatchObject({
    code: 'restore-refused',
    why: 'the snapshot does not tell its Kubernetes version: leave --scope kubernetesVersion out',
  });
  await expect(plan('all')).rejects.toMatchObject({
    code: 'restore-refused',
    why: 'no configuration was saved with the snapshot: leave --scope all out',
  });
});
