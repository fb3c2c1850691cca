import { hostsOrSkip, inTurn } from '@holdfast/test-servers';
import { afterEach, describe, expect, test } from 'vitest';
import type { EtcdNode } from './etcd-node.ts';
import { Fleet } from './fleet.ts';
import { expectCannotServe, expectNew, expectOld } from './outcome.ts';
import { steps, struckBefore } from './strikes.ts';
import { until } from './until.ts';

const { skip } = await hostsOrSkip();

/** `stage`: all old data is put aside, and nothing of the new is in place. `agree`: the new cluster runs, also on the others. */
const moments = [
  { kind: 'stage', end: 'as it was' },
  { kind: 'agree', end: 'restored without it' },
] as const;

describe.skipIf(skip)('the machine that leads a restore is gone for good', { timeout: 240_000 }, () => {
  let fleet: Fleet;
  afterEach(() => fleet?.[Symbol.asyncDispose]());

  test.each(inTurn(moments, 2))(
    'before $kind: on a word that it is off the others are put back by another node, and are $end',
    async ({ kind, end }) => {
      fleet = await Fleet.make({ members: 3 });
      const content = await fleet.fillAndSave();
      const [n1, n2, n3] = fleet.nodes as [EtcdNode, EtcdNode, EtcdNode];
      await fleet.restartAgent(
        n1,
        struckBefore(
          n1,
          steps.find((each) => each.kind === kind)!,
        ),
      );
      await fleet.connected([n1]);
      const request = { way: 'snapshot', repository: 'main', snapshot: content.snapshot };
      const operation = await fleet.beginRestore(request);
      await until('its leader dies', async () => !fleet.isAgentRunning(n1));
      await n1.host.powerOff();
      await fleet.away([n1]);
      for (const node of [n2, n3]) expect(node.entries()).toContain(`member.pre-${planId(operation)}`);

      const attest = [{ member: 'n1', reason: 'the machine burnt down' }];
      const of = { params: { operation: operation.id }, body: { attest } };
      await expect(fleet.client.call('resumeRestore', of)).rejects.toMatchObject({ code: 'operation-state' });
      await fleet.client.call('abortRestore', of);
      const ended = await fleet.ended(operation);
      expect({ state: ended.state, phase: ended.phase, isMoved: ended.node !== operation.node }).toEqual({
        ...{ state: 'rolled-back', phase: 'Failed', isMoved: true },
      });
      expect(ended.result?.['warnings']).toEqual([
        expect.stringMatching(/machine of n1.*admin: the machine burnt down.*move its data away/) as string,
      ]);
      await expectOld(fleet, content, [n2, n3]);

      if (end === 'restored without it') {
        const again = await fleet.restore({ ...request, members: ['n2', 'n3'], attest });
        expect({ state: again.state, failure: again.failure }).toEqual({ state: 'succeeded', failure: null });
        await expectNew(fleet, content, [n2, n3], content.atSnapshot);
      }
      await n1.host.powerOn();
      await expectCannotServe(fleet, n1, /not a directory|cluster ID mismatch|is starting a new election/);
    },
  );
});

function planId({ input }: { readonly input: Readonly<Record<string, unknown>> }): string {
  return (input['plan'] as { id: string }).id;
}
