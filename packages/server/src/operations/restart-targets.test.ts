import { RestorePlan } from '@holdfast/model';
import { expect, test } from 'vitest';
import { chooseNode } from './choose-node.ts';
import type { Candidate } from './ports.ts';
import { restartTargets } from './restart-targets.ts';
import { plan } from './testing/restore-world.ts';

function node(name: string, told: Partial<Candidate> = {}): Candidate {
  return {
    ...{ node: `n-${name}`, name, connected: true, seenAt: null, inQuorum: false, isLeader: false },
    ...{ isLearner: false, raftIndex: null, freeBytes: null, standsIn: false },
    ...{ hasMember: false, hasControlPlane: false, nodeParts: ['kubelet.service'] },
    ...told,
  };
}

test('nodes with etcd or a control plane come first, by name, and those that run nothing of Kubernetes never', () => {
  const nodes = [
    node('aaaaa'),
    node('bbbbb', { hasControlPlane: true }),
    node('ccccc', { hasMember: true, nodeParts: [] }),
    node('ddddd', { nodeParts: ['k3s-agent.service'] }),
    node('eeeee', { nodeParts: ['rke2-server.service'] }),
    node('fffff', { hasMember: true, connected: false }),
  ];
  const names = restartTargets(nodes, null).map(({ name }) => name);
  expect(names).toEqual(['bbbbb', 'eeeee', 'fffff', 'aaaaa', 'ddddd']);
});

test('a unit that the restore has started with its etcd, or stopped for good, is left as it is, and so is a node that has no other', () => {
  const run = { driver: 'k3s-rke2', runtime: 'k3s' } as const;
  const [one, two] = plan.members;
  const restored = {
    plan: RestorePlan.parse({
      ...plan,
      members: [
        { ...one!, run },
        { ...two!, run, role: 'former' },
      ],
      steps: [{ ...plan.steps[3]!, number: 1, kind: 'start', member: 'one' }],
    }),
    placement: { one: 'n-aaaaa', two: 'n-bbbbb' },
  };
  const server = { hasMember: true, nodeParts: ['k3s.service'] } as const;
  const nodes = [
    node('aaaaa', server),
    node('bbbbb', server),
    node('ccccc', { nodeParts: ['k3s-agent.service'] }),
  ];
  expect(restartTargets(nodes, restored).map(({ name }) => name)).toEqual(['ccccc']);
  expect(restartTargets(nodes, null)).toHaveLength(3);
  const beside = node('aaaaa', { ...server, nodeParts: ['kubelet.service', 'k3s.service'] });
  expect(restartTargets([beside], restored)).toEqual([
    { node: 'n-aaaaa', name: 'aaaaa', except: ['k3s.service'] },
  ]);
});

test('a worker is asked to save nothing where another node tells of a member, though that one is away', () => {
  const place = { node: null, standsIn: false };
  const worker = node('aaaaa', { freeBytes: 1e12 });
  const lost = node('bbbbb', { hasMember: true });
  expect(chooseNode([worker, lost], place, [])?.name).toBe('bbbbb');
  expect(chooseNode([worker, { ...lost, connected: false }], place, [])).toBeUndefined();
  expect(chooseNode([worker], place, [])?.name).toBe('aaaaa');
});
