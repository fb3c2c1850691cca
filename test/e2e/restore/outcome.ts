import type { PlannedMember } from '@holdfast/test-servers';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { processesOf } from './component.ts';
import type { Lab } from './lab.ts';

/** What a cluster is, as seen through all of its members at one revision. */
export interface Outcome {
  /** One id, or several when the members are of different clusters. */
  readonly clusterIds: readonly bigint[];
  readonly names: readonly string[];
  readonly learners: number;
  readonly keys: readonly string[];
  /** Different HashKVs at one revision and one compaction; one when all hold the same. */
  readonly hashes: number;
}

/** Asks every member; all must run. */
export async function outcomeOf(lab: Lab, members: readonly PlannedMember[]): Promise<Outcome> {
  await lab.healthy(members);
  const gateways = members.map((member) => lab.gateway(member));
  try {
    // A written revision that all have applied: 3.4 hashes no revision that it is compacted at.
    const { revision } = await gateways[0]!.put('/holdfast-test/asked', 'x');
    const seen: { id: bigint; hash: string }[] = [];
    for (const gateway of gateways) {
      await gateway.range({ key: 'x' });
      const { hash, compactRevision } = await gateway.hashKv(revision);
      seen.push({ id: (await gateway.status()).clusterId, hash: `${hash} ${compactRevision}` });
    }
    const listed = await gateways[0]!.memberList();
    const { keyValues } = await gateways[0]!.rangeAll();
    const keys = keyValues.map(({ key }) => key.toString()).filter((key) => key.startsWith('/registry/'));
    return {
      clusterIds: [...new Set(seen.map(({ id }) => id))],
      names: listed.map(({ name }) => name).toSorted(),
      learners: listed.filter(({ isLearner }) => isLearner).length,
      keys: keys.toSorted(),
      hashes: new Set(seen.map(({ hash }) => hash)).size,
    };
  } finally {
    for (const gateway of gateways) gateway.close();
  }
}

/**
 * The old cluster exactly as it was, with nothing left beside its data; only what a new cluster that had served may have
 * taken in is put aside (`served`).
 */
export async function expectOld(
  lab: Lab,
  members: readonly PlannedMember[],
  what = '',
  { served = false } = {},
): Promise<void> {
  const outcome = await outcomeOf(lab, members);
  expect({ what, ...outcome }).toEqual({
    what,
    clusterIds: [lab.content.clusterId],
    names: members.map(({ name }) => name).toSorted(),
    learners: 0,
    keys: lab.content.atEnd,
    hashes: 1,
  });
  for (const member of members) {
    const left = lab.entries(member).filter((name) => !(served && name.startsWith('member.undone-r-')));
    expect({ what, left }).toEqual({ what, left: ['member'] });
  }
  await expectServing(lab, what);
}

/** Every part of the control plane runs once, and is ready. */
export async function expectServing(lab: Lab, what = ''): Promise<void> {
  for (const part of lab.controlPlane) {
    const seen = { running: processesOf(part).length, ready: await part.isReady() };
    expect({ what, part: part.description.name, ...seen }).toEqual({
      what,
      part: part.description.name,
      running: 1,
      ready: true,
    });
  }
}

/** A new cluster that holds exactly `keys`; beside its data only what was kept of the old. */
export async function expectNew(
  lab: Lab,
  members: readonly PlannedMember[],
  keys: readonly string[],
  what = '',
): Promise<void> {
  const outcome = await outcomeOf(lab, members);
  expect(outcome.clusterIds).not.toContain(lab.content.clusterId);
  expect({ what, ...outcome, clusterIds: outcome.clusterIds.length }).toEqual({
    what,
    clusterIds: 1,
    names: members.map(({ name }) => name).toSorted(),
    learners: 0,
    keys,
    hashes: 1,
  });
  for (const member of members) {
    const beside = lab
      .entries(member)
      .filter((name) => name !== 'member' && !name.startsWith('member.pre-r-'));
    expect({ what, member: member.name, beside }).toEqual({ what, member: member.name, beside: [] });
  }
  await expectServing(lab, what);
}

/** A member that was started with the old data: those that it looks for are of another cluster, and it serves nothing. */
export async function expectCannotServe(lab: Lab, member: PlannedMember): Promise<void> {
  const log = (): string => readFileSync(member.logFile, 'utf8');
  await expect.poll(log, { timeout: 20_000 }).toMatch(/cluster ID mismatch/);
  expect(lab.isRunning(member)).toBe(true);
  // A member without a quorum does not even open its client port before it has told the others its name.
  const asked = fetch(`${member.clientUrl}/health`, { signal: AbortSignal.timeout(2_000) });
  expect((await Promise.allSettled([asked]))[0]?.status).toBe('rejected');
}
