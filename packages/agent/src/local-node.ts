import { Failure, isFailure, type Clock } from '@holdfast/base';
import type { NodeContext, RestoreNode, StepEvidence, StepOrder } from '@holdfast/engine';
import { surveyMemberDir } from '@holdfast/etcd/datadir';
import type { MemberDescription, MemberSight, StepKind } from '@holdfast/model';
import { hostDriverFor, type HostAccess, type HostDriver } from './host/driver.ts';
import { programVersion } from './host/program-version.ts';
import { whyElsewhere } from './host/here.ts';
import { placesOf } from './places.ts';
import { ownClaim } from './steps/claim.ts';
import { fetch } from './steps/fetch.ts';
import { keep } from './steps/keep.ts';
import { lock } from './steps/lock.ts';
import { place } from './steps/place.ts';
import { release } from './steps/release.ts';
import { salvage, salvaged } from './steps/salvage.ts';
import { stage } from './steps/stage.ts';
import { start } from './steps/start.ts';
import { stepFailed, type Act, type NodeStep } from './steps/step.ts';
import { stop } from './steps/stop.ts';
import { unlock } from './steps/unlock.ts';

const steps: Partial<Record<StepKind, NodeStep>> = {
  lock,
  fetch,
  stop,
  keep,
  salvage,
  share: fetch,
  stage,
  place,
  start,
  unlock,
};

/** These look at the claim themselves: it need not be there. */
const claiming: readonly StepKind[] = ['lock', 'unlock'];

/** The node side of a restore for the members of this machine. */
export function localNode(clock: Clock, access: HostAccess = {}): RestoreNode {
  const actOf = (order: StepOrder, context: NodeContext): Act => ({
    order,
    context,
    places: placesOf(order.plan, order.member),
    driver: hostDriverFor(order.member, clock, access),
  });
  return {
    observe: (member, context) => observe(member, hostDriverFor(member, clock, access), context),
    perform: async (order, context) =>
      inWordsOf(order, context, () => carryOut('perform', actOf(order, context))),
    undo: async (order, context) => inWordsOf(order, context, () => carryOut('undo', actOf(order, context))),
    salvaged,
    release: async (plan, member, context) => {
      const order: StepOrder = { plan, member, kind: 'unlock', found: {} };
      return inWordsOf(order, context, () => release(actOf(order, context)));
    },
  };
}

async function observe(
  member: MemberDescription,
  driver: HostDriver,
  { signal }: NodeContext,
): Promise<MemberSight> {
  // What lies here under the path of its data is another member's.
  const elsewhere = await whyElsewhere(member);
  if (elsewhere !== undefined)
    throw new Failure('node-failed', elsewhere, { step: 'lock', member: member.name });
  const running = await driver.state(signal).then(
    (state) => state.running,
    () => null,
  );
  const version = await programVersion(await driver.program().catch(() => undefined), signal);
  signal.throwIfAborted();
  const place = { memberDir: `${member.dataDir}/member` };
  const survey = await surveyMemberDir(
    member.walDir === undefined ? place : { ...place, walDir: member.walDir },
    signal,
  );
  return { running, answers: false, inQuorum: false, ...survey, version };
}

async function carryOut(way: 'perform' | 'undo', act: Act): Promise<StepEvidence> {
  const { kind } = act.order;
  const step = steps[kind];
  if (step === undefined) throw new RangeError(`${kind} is not a step of a node`);
  act.context.signal.throwIfAborted();
  if (!claiming.includes(kind)) await ownClaim(act);
  return step[way](act);
}

/** Failures of system calls in the words of the table; what was thrown on purpose and what is a bug is passed on. */
async function inWordsOf<T>(order: StepOrder, { signal }: NodeContext, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (signal.aborted && (error === signal.reason || (error as Error).name === 'AbortError')) {
      throw signal.reason;
    }
    const { code, syscall, path, message } = error as NodeJS.ErrnoException;
    if (isFailure(error) || syscall === undefined) throw error;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new Failure('disk-full', message, { path: path ?? order.member.dataDir }, { cause: error });
    }
    throw stepFailed(order, message, error);
  }
}
