import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseMember, type MemberView } from './member-choice.ts';

function view(name: string, overrides: Partial<MemberView> = {}): MemberView {
  return {
    endpoint: `https://${name}:2379`,
    id: 'a1',
    name,
    isLeader: false,
    isLearner: false,
    leaderId: 'a1',
    appliedIndex: 10_000,
    revision: 900,
    alarms: [],
    linearizable: true,
    ...overrides,
  };
}

test('a follower is preferred to the leader, and the furthest follower to others', () => {
  const choice = chooseMember([
    view('n1', { isLeader: true, appliedIndex: 10_001 }),
    view('n2'),
    view('n3', { appliedIndex: 10_001 }),
  ]);
  expect(choice).toMatchObject({
    outcome: 'chosen',
    member: { name: 'n3' },
    why: 'a follower at applied index 10001, the furthest of 3 healthy members',
    doubts: [],
  });
});

test('the leader serves when it is the only healthy one', () => {
  const choice = chooseMember([
    view('n1', { isLeader: true }),
    view('n2', { unreachable: 'connection refused' }),
  ]);
  expect(choice).toMatchObject({
    member: { name: 'n1' },
    why: 'the leader, the only healthy member among the given endpoints',
  });
});

test.each([
  ['a lagging member', { appliedIndex: 1 }, 'n1 (https://n1:2379) is 9999 raft entries behind'],
  ['a CORRUPT alarm', { alarms: ['CORRUPT'] as const }, 'n1 (https://n1:2379) has a CORRUPT alarm'],
  ['a learner', { isLearner: true }, 'n1 (https://n1:2379) is a learner'],
])('%s is refused when it is forced, and stored as degraded on request', (_, overrides, doubt) => {
  const views = [view('n1', overrides), view('n2')];
  const endpoint = 'https://n1:2379';
  expect(chooseMember(views, { endpoint })).toEqual({
    outcome: 'refused',
    code: 'etcd-unhealthy',
    why: doubt,
  });
  expect(chooseMember(views, { endpoint, allowDegraded: true })).toMatchObject({
    outcome: 'chosen',
    doubts: [doubt],
  });
});

test('no linearizable read anywhere means no quorum', () => {
  const views = [view('n1', { linearizable: false }), view('n2', { unreachable: 'timed out' })];
  expect(chooseMember(views)).toMatchObject({ outcome: 'refused', code: 'etcd-no-quorum' });
});

test('an isolated member that is forced is unhealthy; the quorum of the others is not lost', () => {
  const views = [view('n1', { linearizable: false }), view('n2')];
  expect(chooseMember(views, { endpoint: 'https://n1:2379' })).toMatchObject({ code: 'etcd-unhealthy' });
});

test('NOSPACE is no reason to refuse', () => {
  expect(chooseMember([view('n1', { alarms: ['NOSPACE'] })])).toMatchObject({
    outcome: 'chosen',
    doubts: [],
  });
});

test('nobody answers: the reasons of all are told', () => {
  const views = [view('n1', { unreachable: 'refused' }), view('n2', { unreachable: 'timed out' })];
  expect(chooseMember(views)).toEqual({
    outcome: 'refused',
    code: 'etcd-unreachable',
    why: 'https://n1:2379: refused; https://n2:2379: timed out',
  });
});

test('whatever the members look like, a choice without --allow-degraded is never in doubt', () => {
  const members = fc.array(
    fc.record({
      isLeader: fc.boolean(),
      isLearner: fc.boolean(),
      appliedIndex: fc.integer({ min: 0, max: 20_000 }),
      linearizable: fc.boolean(),
      alarms: fc.subarray(['NOSPACE', 'CORRUPT'] as const),
    }),
    { maxLength: 7 },
  );
  fc.assert(
    fc.property(members, (all) => {
      const choice = chooseMember(all.map((each, index) => view(`n${index}`, each)));
      if (choice.outcome === 'refused') return;
      expect(choice.doubts).toEqual([]);
      expect(
        choice.member.linearizable && !choice.member.isLearner && !choice.member.alarms.includes('CORRUPT'),
      ).toBe(true);
    }),
  );
});
