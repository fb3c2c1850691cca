import { Failure, isFailure } from '@holdfast/base';
import type { OperationState, PlannedStep } from '@holdfast/model';
import { isStillListed, joinedSince } from '../cluster-steps/index.ts';
import type { Leader } from './leader.ts';
import { foundBy, memberNamed } from './step-order.ts';

/**
 * Looks whether a restore can still be undone: nothing that is final was done, and nobody has joined the new cluster, who
 * would serve on beside the old one.
 *
 * @throws restore-state
 */
export async function refuseNoWayBack(leader: Leader, state: OperationState): Promise<void> {
  for (const step of leader.plan.steps) if (step.final) await refuseDoneForGood(leader, state, step);
  if (state.direction === 'forward') await refuseJoined(leader, state);
}

/** One that was begun and not seen to end may have changed nothing: the cluster can tell. */
async function refuseDoneForGood(
  leader: Leader,
  state: OperationState,
  { kind, member, number }: PlannedStep,
): Promise<void> {
  const { plan, options } = leader;
  const own = state.steps[number - 1];
  if (own === 'pending' || own === 'undone') return;
  let untold = '';
  if (own === 'begun' && kind === 'remove' && member !== null) {
    try {
      if (await isStillListed({ plan, connect: options.connect }, memberNamed(plan, member))) return;
    } catch (error) {
      if (!isFailure(error)) throw error;
      untold = `; it was begun, and whether it was done cannot be told: ${error.why}`;
    }
  }
  const why = `${kind} of ${member} cannot be undone: there is only forward${untold}`;
  throw new Failure('restore-state', why, { id: plan.id });
}

async function refuseJoined(leader: Leader, state: OperationState): Promise<void> {
  const { plan, context, options } = leader;
  const agreed = foundBy(plan, state, 'agree', null);
  if (agreed === undefined) return;
  const { nodes, connect } = options;
  const joined = await joinedSince(context, { plan, agreed, nodes, connect });
  if (joined.length === 0) return;
  const names = joined.map(
    ({ id, name, peerUrls }) => `${name || 'a member'} (${id}, ${peerUrls.join(', ')})`,
  );
  const removing = joined.map(({ id }) => `etcdctl member remove ${id}`).join(', ');
  const why = `${names.join(' and ')} ${joined.length === 1 ? 'has' : 'have'} joined the restored cluster since and would serve on beside the old one: take out and stop who joined (${removing}), then roll back; or keep the restored cluster: holdfast restore release ${plan.id}`;
  throw new Failure('restore-state', why, { id: plan.id });
}
