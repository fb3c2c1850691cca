import { etcdMinors, etcdOrSkip, inTurn, type PlannedMember } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from './lab.ts';
import { expectNew, outcomeOf } from './outcome.ts';

/** Members that there are, and how many of them are lost with their data. */
const losses = [
  [3, 1],
  [3, 2],
  [3, 3],
  [5, 2],
  [5, 3],
  [5, 5],
] as const;

/** Each key of the lab is one revision, and the first there is is 1; the last change is a deletion. */
const revisions = { atSnapshot: 1 + 40, atEnd: 1 + 40 + 20 + 1, bump: 1_000_000_000 };

/** The same members where the machines have got other addresses. */
function moved(lab: Lab, count: number): PlannedMember[] {
  return lab.members.slice(0, count).map((member, i) => {
    const { clientUrl, peerUrl, ports } = lab.members[count + i]!;
    return { ...member, clientUrl, peerUrl, ports };
  });
}

/** The minority is lost: a restore is refused with the better way, which then brings the members back. */
async function expectReplaced(lab: Lab, old: PlannedMember[], lost: PlannedMember[], repo: string[]) {
  const now = old.map((member) => lost.find(({ name }) => name === member.name) ?? member);
  lab.describe(now);
  const before = now.map((member) => lab.entries(member));
  const refused = await lab.restore(['run', ...repo, '--confirm', 'lab']);
  expect(now.map((member) => lab.entries(member))).toEqual(before);
  expect({ status: refused.status, said: refused.stderr }).toEqual({
    status: 14,
    said: expect.stringMatching(/--way replace/) as string,
  });
  const { status, stderr } = await lab.restore(['run', ...repo, '--way', 'replace', '--confirm', 'lab']);
  expect(`${stderr} ${status}`).toMatch(/ 0$/);
  const { clusterIds, names, learners, keys, hashes } = await outcomeOf(lab, now);
  expect({ clusterIds, names, learners, keys, hashes }).toEqual({
    clusterIds: [lab.content.clusterId],
    names: now.map(({ name }) => name).toSorted(),
    learners: 0,
    keys: lab.content.atEnd,
    hashes: 1,
  });
}

const today = inTurn(
  etcdMinors.flatMap((version) =>
    losses.flatMap(([size, lost]) =>
      [true, false].flatMap((saved) =>
        ['the same addresses', 'new addresses'].map((where) => ({ version, size, lost, saved, where })),
      ),
    ),
  ),
  8,
);

describe.each([...new Set(today.map(({ version }) => version))])('etcd %s', async (version) => {
  const { skip } = await etcdOrSkip(version);

  const cases = today.filter((each) => each.version === version);

  describe.skipIf(skip).each([...new Set(cases.map(({ size }) => size))])('%d members', (size) => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await Lab.make({ version, members: size, spare: size });
    });
    afterAll(async () => lab[Symbol.asyncDispose]());

    test.each(cases.filter((each) => each.size === size))(
      '$lost lost, a snapshot: $saved, $where',
      async ({ lost, saved, where }) => {
        await lab.reset();
        const old = lab.members.slice(0, size);
        const now = where === 'new addresses' ? moved(lab, size) : old;
        await lab.start(old);
        await lab.destroy(old.slice(size - lost));
        const request = ['--cluster-file', lab.clusterFile, ...(saved ? ['--repo', lab.repo] : [])];

        if (lost <= (size - 1) / 2) {
          // Their leader may have been among the lost.
          await lab.healthy(old.slice(0, size - lost));
          await expectReplaced(lab, [...old], now.slice(size - lost), request);
          return;
        }
        lab.describe(now);
        const { status, stdout, stderr } = await lab.restore([
          'run',
          ...request,
          ...['--confirm', 'lab', '-o', 'json'],
        ]);
        if (lost === size && !saved) {
          expect({ status, stderr }).toEqual({
            status: 14,
            stderr: expect.stringMatching(/--repo/) as string,
          });
          return;
        }
        expect(`${stderr} ${status}`).toMatch(/ 0$/);
        const from = lost === size ? revisions.atSnapshot : revisions.atEnd;
        expect(JSON.parse(stdout)).toMatchObject({
          outcome: 'finished',
          way: lost === size ? 'snapshot' : 'salvage',
          warnings: [],
          revision: revisions.bump + from,
        });
        await expectNew(lab, now, lost === size ? lab.content.atSnapshot : lab.content.atEnd);
      },
    );
  });
});
