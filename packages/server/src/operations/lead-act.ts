import type { Act } from './acts.ts';
import { wait } from './endings.ts';
import { inputOf, notesOf, type Inputs } from './inputs.ts';
import { silentMs, type View } from './view.ts';

/**
 * The order to lead a restore, or to go on with it. The node that leads keeps it; only when a person wants the restore
 * carried on, and it has been silent for a minute or is vouched to be off, another node of the placement is given it, with
 * the journal so far.
 */
export function leadAct(view: View, input: Inputs['restore']): Act {
  const { operation, orders, journal, now } = view;
  const { wanted, ...notes } = notesOf(operation);
  const leader = operation.node ?? input.leader;
  const node = isExpected(view, leader)
    ? leader
    : wanted === undefined
      ? undefined
      : anotherThan(view, input, leader);
  if (node === undefined)
    return wait(view, `node ${leader}, which is to lead it, is not connected`, now.getTime() + 5_000);
  const isMoved = node !== leader;
  const { plan, placement, repository } = input;
  const by = wanted?.by ?? operation.requestedBy;
  return {
    do: 'order',
    order: {
      node,
      kind: 'lead',
      attempt: orders.length,
      input: {
        ...{ verb: wanted?.verb ?? 'run', plan, placement, repository, by },
        ...(isMoved && { records: [...journal] }),
        ...(wanted !== undefined && wanted.attest.length > 0 && { attest: wanted.attest }),
      },
      limitMs: null,
    },
    change: { state: 'running', node, why: '', result: notes, failure: null, endedAt: null },
    ...(isMoved && {
      told: [
        { type: 'note', data: { note: `${by} had ${node} lead it in place of ${leader}, which is silent` } },
      ],
    }),
  };
}

/** Whether somebody vouches for what is on a node: its machine is off for good, so nobody waits for a word of it. */
export function isVouched({ operation }: View, node: string): boolean {
  const { placement } = inputOf('restore', operation);
  const { attest = [] } = notesOf(operation).wanted ?? {};
  return attest.some(({ member }) => placement[member] === node);
}

/** A node that was gone for a moment is waited for. */
function isExpected(view: View, leader: string): boolean {
  const { nodes, watchedSince, now } = view;
  if (isVouched(view, leader)) return false;
  const node = nodes.find((each) => each.node === leader);
  if (node === undefined) return false;
  const heard = Math.max(node.seenAt === null ? 0 : Date.parse(node.seenAt), watchedSince.getTime());
  return node.connected || now.getTime() - heard < silentMs;
}

function anotherThan({ nodes }: View, { placement }: Inputs['restore'], leader: string): string | undefined {
  const placed = new Set(Object.values(placement));
  return nodes
    .filter(({ node, connected }) => connected && node !== leader && placed.has(node))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))[0]?.node;
}
