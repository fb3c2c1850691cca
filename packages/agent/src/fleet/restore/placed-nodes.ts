import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import type { ArtefactSource, NodeOf, RestoreNode } from '@holdfast/engine';
import type { RestorePlan } from '@holdfast/model';
import type { Placement } from '@holdfast/model/fleet';
import { placesOf } from '../../places.ts';
import type { Act, OrderPorts } from '../orders/act.ts';
import type { ForRestore } from '../peer/door.ts';
import { peerSource } from '../peer/source.ts';
import { RemoteNode } from './remote-node.ts';

/**
 * The machines of a restore: this one for what is placed here, others by their agents. What is placed nowhere answers
 * nothing.
 */
export function placedNodes(ports: OrderPorts, placement: Placement, { order }: Pick<Act, 'order'>): NodeOf {
  const { clock, random, identity, calls, door, local } = ports;
  const self = identity().node;
  const known = new Map<string, RestoreNode>([[self, local]]);
  return ({ name }) => {
    const node = placement[name];
    if (node === undefined) return nobody(name);
    const found =
      known.get(node) ??
      new RemoteNode({
        ...{ clock, random, calls, order: order.id, node },
        offer: (restore, source) =>
          door.offer(restore, isPlan(restore) ? withOwnFile(source, restore, placement, self) : source),
        withdraw: (restore) => door.withdraw(restore),
        fromPeer: (peer) => peerSource(peer, { clock, random, identity }),
      });
    known.set(node, found);
    return found;
  };
}

function isPlan(restore: ForRestore | RestorePlan): restore is RestorePlan {
  return 'way' in restore;
}

/** The same bytes; once a member of this machine has fetched and checked them, from there. */
function withOwnFile(
  source: ArtefactSource,
  plan: RestorePlan,
  placement: Placement,
  self: string,
): ArtefactSource {
  const paths = plan.members
    .filter(({ name }) => placement[name] === self)
    .map((member) => placesOf(plan, member).artefact);
  return {
    ...source,
    async *open(signal, from = 0) {
      for (const path of paths) {
        const found = await stat(path).catch(() => undefined);
        if (found?.size !== source.size) continue;
        yield* createReadStream(path, { signal, start: from });
        return;
      }
      yield* source.open(signal, from);
    },
  };
}

function nobody(name: string): RestoreNode {
  const refuse = (): Promise<never> =>
    Promise.reject(new Failure('node-silent', 'no node of the fleet carries it', { node: name }));
  return {
    observe: refuse,
    compare: refuse,
    perform: refuse,
    undo: refuse,
    observeComponent: refuse,
    performComponent: refuse,
    undoComponent: refuse,
    release: refuse,
    salvaged() {
      throw new Failure('node-silent', 'no node of the fleet carries it', { node: name });
    },
  };
}
