import { etcdMinors, etcdOrSkip, inTurn, type PlannedMember } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from './lab.ts';
import { expectCannotServe, expectNew, outcomeOf } from './outcome.ts';

/** TCP refuses a multicast address on the spot: nobody answers there, and nothing leaves this machine. */
const elsewhere = 'http://224.0.0.1';

interface Report {
  readonly strategy: string;
  readonly cluster: { readonly name: string; readonly oldId: string; readonly newId: string };
}

/** Runs it, and gives its report. */
async function run(lab: Lab, ...args: string[]): Promise<Report> {
  const { status, stdout, stderr } = await lab.restore([
    ...['run', ...lab.request, '--confirm', 'lab', '-o', 'json'],
    ...args,
  ]);
  expect(`${stderr} ${status}`).toMatch(/ 0$/);
  return JSON.parse(stdout) as Report;
}

/** A member as it is seen from a machine that cannot reach its own. */
function behindTheWall(member: PlannedMember): PlannedMember {
  const { client, peer } = member.ports;
  return { ...member, clientUrl: `${elsewhere}:${client}`, peerUrl: `${elsewhere}:${peer}` };
}

/** As etcd prints it: without leading zeros. */
const hex = (id: bigint): string => id.toString(16);

describe.each(inTurn(etcdMinors, 2))('etcd %s, one seed and the others join it', async (version) => {
  const { skip } = await etcdOrSkip(version);

  describe.skipIf(skip)('three members', () => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await Lab.make({ version, members: 3 });
    });
    afterAll(async () => lab[Symbol.asyncDispose]());

    test('of which one is built, and two are learners and then voting members', async () => {
      await lab.reset();
      lab.describe(lab.members);
      await lab.start();
      const report = await run(lab, '--way', 'snapshot', '--strategy', 'seed', '--seed', 'm2');
      expect({ strategy: report.strategy, ...report.cluster }).toEqual({
        strategy: 'seed',
        name: 'lab',
        oldId: hex(lab.content.clusterId),
        newId: hex((await outcomeOf(lab, lab.members)).clusterIds[0]!),
      });
      await expectNew(lab, lab.members, lab.content.atSnapshot);
    });

    test('one behind a wall has to be vouched for, is left out, and cannot come back', async () => {
      await lab.reset();
      await lab.start();
      const [m1, m2, m3] = lab.members as [PlannedMember, PlannedMember, PlannedMember];
      await lab.kill([m3]);
      lab.describe([m1, m2, behindTheWall(m3)]);
      const way = ['--way', 'snapshot', '--strategy', 'seed'];
      const refused = await lab.restore(['run', ...lab.request, '--confirm', 'lab', ...way]);
      expect({ status: refused.status, said: refused.stderr }).toEqual({
        status: 14,
        said: expect.stringMatching(/P13 reach: nobody can tell whether etcd of m3 is off/) as string,
      });
      await run(lab, ...way, '--attest-off', 'm3', '--reason', 'power pulled by Kim, rack 7');
      expect({ running: lab.isRunning(m3), left: lab.entries(m3) }).toEqual({
        running: false,
        left: ['member'],
      });
      // Its power comes back, and its etcd with it, from the old data.
      await lab.start([m3], false);
      await expectCannotServe(lab, m3);
      await expectNew(lab, [m1, m2], lab.content.atSnapshot);
    });
  });
});
