import { Failure } from '@holdfast/base';
import type { PlannedMember } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { NodeContext } from '../node.ts';
import { thisUser } from '../this-user.ts';
import { stateOf, type HeldRestore, type LeadOptions } from './leader.ts';
import { doingOrder, foundBy } from './step-order.ts';
import { takeUp } from './take-up.ts';
import { vouchedIn } from './vouched.ts';

interface ReleaseOptions extends Pick<LeadOptions, 'stateDir' | 'nodes' | 'by' | 'onRecord'> {
  /** Of the restore. */
  readonly id: string;
}

/**
 * Removes what a restore that is over has kept beside each data directory. It cannot be rolled back after this.
 * Nothing is removed on machines that are gone for good.
 *
 * @returns the paths that this call has removed; none when all were gone before
 * @throws restore-state while it is not over; restore-missing, restore-running, journal-damaged; what the nodes throw
 */
export async function releaseRestore(
  context: VerbContext,
  options: ReleaseOptions,
): Promise<readonly string[]> {
  return takeUp(context, options, async (held) => {
    const { plan, journal } = held;
    const { outcome, released } = stateOf(held);
    if (outcome === undefined) {
      throw new Failure('restore-state', 'it is not over: resume or abort it first', { id: plan.id });
    }
    // Noted first: when only some of it is gone nothing can be rolled back any more.
    if (!released) await journal.append('released', { evidence: { by: options.by ?? thisUser() } });
    const { clock, signal, onProgress } = context;
    const nodeContext: NodeContext = { clock, signal, ...(onProgress !== undefined && { onProgress }) };
    const paths: string[] = [];
    const gone = vouchedIn(journal.records);
    const there = plan.members.filter(({ attested, name }) => attested === undefined && !gone.has(name));
    for (const member of there) {
      signal.throwIfAborted();
      await unlockLate(held, options, member, nodeContext);
      paths.push(...(await options.nodes(member).release(plan, member, nodeContext)));
    }
    return paths;
  });
}

/** Gives a claim back that `unlock` could not give back in its time. */
async function unlockLate(
  held: HeldRestore,
  options: ReleaseOptions,
  member: PlannedMember,
  context: NodeContext,
): Promise<void> {
  const { plan } = held;
  const state = stateOf(held);
  if (state.outcome !== 'finished') return;
  if (foundBy(plan, state, 'unlock', member.name)?.['warning'] === undefined) return;
  await options.nodes(member).perform(doingOrder(plan, state, 'unlock', member, options), context);
}
