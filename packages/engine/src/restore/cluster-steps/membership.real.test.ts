import { systemClock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import type { StepKind } from '@holdfast/model';
import { etcdOrSkip, startCluster } from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import type { VerbContext } from '../../context.ts';
import { memberOf, planOf, sightOf } from '../checks/test-plan.ts';
import type { StepEvidence } from '../node.ts';
import { performClusterStep } from './index.ts';

const { skip } = await etcdOrSkip('3.6');
const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.0.0' };

test.skipIf(skip)('a member joins and is promoted, as often as it is asked', async () => {
  await using cluster = await startCluster({ version: '3.6', learner: true });
  const [first, second] = cluster.members.map(({ name, peerUrl, clientUrl, dataDir }) =>
    memberOf(name, 1, { peerUrls: [peerUrl], clientUrls: [clientUrl], dataDir }),
  );
  const evidence = new Map<StepKind, StepEvidence>();
  const perform = async (kind: StepKind): Promise<StepEvidence> => {
    const found = await performClusterStep(context, {
      plan: planOf({ way: 'replace', members: [second!], staying: [first!] }),
      kind,
      member: second!,
      found: (of, member) => (member === second!.name ? evidence.get(of) : undefined),
      nodes: () => {
        throw new Error('no node is asked');
      },
      connect: (endpoints) => connectEtcd({ endpoints, clock: systemClock }),
      endOfStep: AbortSignal.timeout(20_000),
    });
    evidence.set(kind, found);
    return found;
  };
  const joined = await perform('join');
  expect(joined['initialCluster']).toBe(
    [first!, second!].map(({ name, peerUrls }) => `${name}=${peerUrls[0]}`).join(','),
  );
  expect(await perform('promote')).toMatchObject({ memberId: joined['memberId'] });
  expect(await perform('promote')).toMatchObject({ memberId: joined['memberId'] });
});

test.skipIf(skip)('a lost member is replaced by one at the same address', async () => {
  await using cluster = await startCluster({ version: '3.6', members: 3 });
  await cluster.stop(2);
  const [a, b, lost] = cluster.members.map(({ name, peerUrl, clientUrl, dataDir }) =>
    memberOf(name, 1, { peerUrls: [peerUrl], clientUrls: [clientUrl], dataDir, sight: sightOf() }),
  );
  const perform = async (kind: StepKind): Promise<StepEvidence> =>
    performClusterStep(context, {
      plan: planOf({ way: 'replace', members: [lost!], staying: [a!, b!] }),
      kind,
      member: lost!,
      found: () => undefined,
      nodes: () => {
        throw new Error('no node is asked');
      },
      connect: (endpoints) => connectEtcd({ endpoints, clock: systemClock }),
      endOfStep: AbortSignal.timeout(30_000),
    });
  const removed = await perform('remove');
  expect(removed['removed']).toBe(true);
  expect(await perform('remove')).toMatchObject({ removed: false });
  const joined = await perform('join');
  expect(joined['memberId']).not.toBe(removed['memberId']);
  expect(await perform('join')).toEqual(joined);
  expect(String(joined['initialCluster']).split(',')).toHaveLength(3);
  expect(joined['initialCluster']).toContain(`${lost!.name}=${lost!.peerUrls[0]}`);
});
