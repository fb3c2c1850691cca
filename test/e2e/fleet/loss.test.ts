import { hostsOrSkip, inTurn } from '@holdfast/test-servers';
import { afterEach, describe, expect, test } from 'vitest';
import type { EtcdNode } from './etcd-node.ts';
import { Fleet } from './fleet.ts';
import { expectCannotJoin, expectNew } from './outcome.ts';

const { skip } = await hostsOrSkip();

/** How many of how many members are lost, and what the cluster is brought back with. */
interface Loss {
  readonly members: number;
  readonly lost: number;
  /** `same`: their machines are there, without data. `new`: they are gone for good, and others take their place. */
  readonly nodes: 'same' | 'new';
  readonly way: 'snapshot' | 'salvage';
}

const losses: readonly Loss[] = [
  { members: 3, lost: 1 },
  { members: 3, lost: 2 },
  { members: 3, lost: 3 },
  { members: 5, lost: 3 },
].flatMap(({ members, lost }) =>
  (['same', 'new'] as const).flatMap((nodes) =>
    (['snapshot', 'salvage'] as const).map((way) => ({ members, lost, nodes, way })),
  ),
);

describe.skipIf(skip)('machines are lost', { timeout: 300_000 }, () => {
  let fleet: Fleet | undefined;
  afterEach(async () => {
    await fleet?.[Symbol.asyncDispose]();
    fleet = undefined;
  });

  test.each(inTurn(losses, 4))('$lost of $members, back on the $nodes ones by $way', async (loss) => {
    const { members, lost, nodes, way } = loss;
    fleet = await Fleet.make({ members, spare: nodes === 'new' ? lost : 0 });
    const content = await fleet.fillAndSave();
    // The last ones, so that the first, whose data is salvaged, survives; of all, its data does.
    const gone = fleet.members.slice(members - lost);
    const survivor = fleet.members[0]!;
    for (const node of gone) await lose(node, loss, node === survivor);
    const stay = fleet.members.filter(
      (node) => !gone.includes(node) || nodes === 'same' || keepsData(loss, node === survivor),
    );
    const fresh = fleet.spare.slice(0, members - stay.length);
    const wanted = [...stay, ...fresh];
    await fleet.connected(wanted);
    const off = fleet.members.filter((node) => !wanted.includes(node));
    await fleet.away(off);
    const operation = await fleet.restore({
      way,
      ...(way === 'snapshot' && { repository: 'main' }),
      ...(way === 'salvage' && { survivor: survivor.name, repository: 'main' }),
      members: wanted.map(({ name }) => name),
      attest: off.map(({ name }) => ({ member: name, reason: 'the machine burnt down' })),
    });
    expect({ ...pick(operation), failure: operation.failure }).toEqual({
      state: 'succeeded',
      phase: 'Finished',
      failure: null,
    });
    await expectNew(fleet, content, wanted, way === 'snapshot' ? content.atSnapshot : content.atEnd);
    for (const node of off.slice(0, 1)) {
      await node.host.powerOn();
      await expectCannotJoin(fleet, node);
    }
  });
});

/** A machine that is to be salvaged from has lost its etcd alone. */
function keepsData({ way }: Loss, isSurvivor: boolean): boolean {
  return way === 'salvage' && isSurvivor;
}

async function lose(node: EtcdNode, loss: Loss, isSurvivor: boolean): Promise<void> {
  if (loss.nodes === 'new' && !keepsData(loss, isSurvivor)) return node.host.powerOff();
  await node.killEtcd();
  if (!keepsData(loss, isSurvivor)) node.wipe();
}

function pick({ state, phase }: { state: string; phase: string | null }) {
  return { state, phase };
}
