import { systemClock } from '@holdfast/base';
import type { RestoreNode } from '@holdfast/engine';
import type { NodeCall } from '@holdfast/model/fleet';
import { expect, test } from 'vitest';
import { orderOf } from '../testing/orders.ts';
import { plannedOf } from '../testing/plan.ts';
import type { Act, OrderPorts } from './act.ts';
import { NodeCalls } from './node-calls.ts';

const plan = plannedOf();
const member = plan.members[0]!;
const perform: NodeCall = { call: 'perform', order: { plan, kind: 'keep', member, found: {} } };

function actOf(): Act {
  const { signal } = new AbortController();
  const order = orderOf('o-first', 'node', {});
  return { order, signal, told: [], tell: () => Promise.resolve(), progress: () => {} };
}

test('a leader that asks anew has what it asked for before end first', async () => {
  const log: string[] = [];
  let count = 0;
  const local: Pick<RestoreNode, 'perform'> = {
    async perform(_, { signal }) {
      const own = ++count;
      log.push(`begin ${own}`);
      if (own === 1) {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        await systemClock.sleep(20);
        log.push('end 1');
        throw signal.reason;
      }
      return { kept: own };
    },
  };
  const calls = new NodeCalls({ clock: systemClock, local } as unknown as OrderPorts);
  const first = expect(calls.carryOut(perform, actOf())).rejects.toMatchObject({ code: 'order-cancelled' });
  await expect.poll(() => log).toEqual(['begin 1']);
  expect(await calls.carryOut(perform, actOf())).toEqual({ kept: 2 });
  await first;
  expect(log).toEqual(['begin 1', 'end 1', 'begin 2']);
});
