import { expect } from 'vitest';
import type { EtcdNode } from './etcd-node.ts';
import type { Content, Fleet } from './fleet.ts';

/** What a cluster is, as seen through all of its members at one revision. */
async function outcomeOf(fleet: Fleet, members: readonly EtcdNode[]) {
  await fleet.healthy(members);
  const gateways = members.map((member) => member.gateway());
  try {
    const { revision } = await gateways[0]!.put('/holdfast-test/asked', 'x');
    const seen: { id: bigint; hash: string }[] = [];
    for (const gateway of gateways) {
      await gateway.range({ key: 'x' });
      const { hash, compactRevision } = await gateway.hashKv(revision);
      seen.push({ id: (await gateway.status()).clusterId, hash: `${hash} ${compactRevision}` });
    }
    const listed = await gateways[0]!.memberList();
    const { keyValues } = await gateways[0]!.rangeAll();
    return {
      clusterIds: [...new Set(seen.map(({ id }) => id))],
      names: listed.map(({ name }) => name).toSorted(),
      learners: listed.filter(({ isLearner }) => isLearner).length,
      keys: keyValues
        .map(({ key }) => key.toString())
        .filter((key) => key.startsWith('/registry/'))
        .toSorted(),
      hashes: new Set(seen.map(({ hash }) => hash)).size,
    };
  } finally {
    for (const gateway of gateways) gateway.close();
  }
}

/** The old cluster exactly as it was, with nothing left beside its data. @param there who is left of it */
export async function expectOld(
  fleet: Fleet,
  { clusterId, atEnd }: Content,
  there: readonly EtcdNode[] = fleet.members,
): Promise<void> {
  expect(await outcomeOf(fleet, there)).toEqual({
    ...{ clusterIds: [clusterId], names: namesOf(fleet.members), learners: 0, keys: atEnd, hashes: 1 },
  });
  for (const member of there) {
    const left = member.entries().filter((name) => !name.startsWith('member.undone-r-'));
    expect({ member: member.name, left }).toEqual({ member: member.name, left: ['member'] });
  }
}

/** A new cluster of these members that holds exactly `keys`, all the same; beside its data only what was kept of the old. */
export async function expectNew(
  fleet: Fleet,
  { clusterId }: Content,
  members: readonly EtcdNode[],
  keys: readonly string[],
): Promise<void> {
  const { clusterIds, ...outcome } = await outcomeOf(fleet, members);
  expect(clusterIds).toHaveLength(1);
  expect(clusterIds).not.toContain(clusterId);
  expect(outcome).toEqual({ names: namesOf(members), learners: 0, keys, hashes: 1 });
  for (const member of members) {
    const beside = member.entries().filter((name) => !/^member(\.(pre|undone)-r-.*)?$/.test(name));
    expect({ member: member.name, beside }).toEqual({ member: member.name, beside: [] });
  }
}

/** The old cluster, of these members, that has gone on: it holds exactly `keys`, all the same; beside its data nothing. */
export async function expectSame(
  fleet: Fleet,
  { clusterId }: Content,
  members: readonly EtcdNode[],
  keys: readonly string[],
): Promise<void> {
  expect(await outcomeOf(fleet, members)).toEqual({
    ...{ clusterIds: [clusterId], names: namesOf(members), learners: 0, keys, hashes: 1 },
  });
  for (const member of members) {
    const left = member.entries().filter((name) => !name.startsWith('member.pre-r-'));
    expect({ member: member.name, left }).toEqual({ member: member.name, left: ['member'] });
  }
}

/**
 * A member that was away is started with the old data again: it finds nobody of its cluster, neither at the addresses of old,
 * where there is another cluster now, nor where nobody is, and serves nothing.
 */
export async function expectCannotJoin(fleet: Fleet, member: EtcdNode): Promise<void> {
  await expectCannotServe(fleet, member, /cluster ID mismatch|is starting a new election/);
}

/** A member is started with what lies on its machine, says one of these words, and serves nothing. */
export async function expectCannotServe(fleet: Fleet, member: EtcdNode, words: RegExp): Promise<void> {
  const before = member.log('etcd').length;
  await member.startEtcd(fleet.founding);
  const said = (): string => member.log('etcd').slice(before);
  await expect.poll(said, { timeout: 60_000 }).toMatch(words);
  const asked = fetch(`${member.clientUrl}/health`, { signal: AbortSignal.timeout(2_000) });
  expect((await Promise.allSettled([asked]))[0]?.status).toBe('rejected');
}

function namesOf(members: readonly EtcdNode[]): string[] {
  return members.map(({ member }) => member).toSorted();
}
