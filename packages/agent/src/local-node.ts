import { Failure, isFailure, type Clock } from '@holdfast/base';
import type {
  ComponentOrder,
  ComponentSight,
  NodeContext,
  RestoreNode,
  StepEvidence,
  StepOrder,
} from '@holdfast/engine';
import { surveyMemberDir } from '@holdfast/etcd/datadir';
import type { ComponentDescription, MemberDescription, MemberSight, StepKind } from '@holdfast/model';
import { compare } from './configuration/compare.ts';
import { componentHost, etcdHost, type HostAccess, type HostDriver } from './host/driver.ts';
import { programVersion } from './host/program-version.ts';
import { whyComponentElsewhere, whyElsewhere } from './host/here.ts';
import { placesOf } from './places.ts';
import { roomOf } from './room.ts';
import { ownClaim } from './steps/claim.ts';
import { configure, unconfigure } from './steps/configure.ts';
import { fetch } from './steps/fetch.ts';
import { halt } from './steps/halt.ts';
import { keep } from './steps/keep.ts';
import { lock } from './steps/lock.ts';
import { place } from './steps/place.ts';
import { release } from './steps/release.ts';
import { salvage, salvaged } from './steps/salvage.ts';
import { serve } from './steps/serve.ts';
import { stage } from './steps/stage.ts';
import { start } from './steps/start.ts';
import { stepFailed, type Act, type ComponentAct, type NodeStep } from './steps/step.ts';
import { stop } from './steps/stop.ts';
import { unlock } from './steps/unlock.ts';
import { undoneRevision } from './undone-revision.ts';

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

const componentSteps: Record<Exclude<ComponentOrder['kind'], 'configure'>, NodeStep<ComponentAct>> = {
  halt,
  serve,
};

/** The same for members and parts of the control plane. */
const configuring = { perform: configure, undo: unconfigure };

/** These look at the claim themselves: it need not be there. */
const claiming: readonly StepKind[] = ['lock', 'unlock'];

/** The node side of a restore for the members and the parts of the control plane of this machine. */
export function localNode(clock: Clock, access: HostAccess = {}): RestoreNode {
  const actOf = (order: StepOrder, context: NodeContext): Act => ({
    order,
    context,
    places: placesOf(order.plan, order.member),
    ...etcdHost(order.member, clock, access),
  });
  const forComponent =
    (way: 'perform' | 'undo') =>
    async (order: ComponentOrder, context: NodeContext): Promise<StepEvidence> =>
      inWordsOf(order, context, async () => {
        context.signal.throwIfAborted();
        const elsewhere = await whyComponentElsewhere(order.component);
        if (elsewhere !== undefined) throw stepFailed(order, elsewhere);
        if (order.kind === 'configure') return configuring[way]({ order, context, access });
        return componentSteps[order.kind][way]({
          order,
          context,
          ...componentHost(order.component, clock, access),
        });
      });
  return {
    observe: (member, context) => observe(member, etcdHost(member, clock, access).driver, context),
    compare: (order, context) => compare(order, context, clock, access),
    perform: async (order, context) =>
      inWordsOf(order, context, () => carryOut('perform', actOf(order, context), access)),
    undo: async (order, context) =>
      inWordsOf(order, context, () => carryOut('undo', actOf(order, context), access)),
    observeComponent: (component, context) =>
      observeComponent(component, componentHost(component, clock, access).driver, context),
    performComponent: forComponent('perform'),
    undoComponent: forComponent('undo'),
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
  const version =
    driver.version === undefined
      ? await programVersion(await driver.program().catch(() => undefined), signal)
      : await driver.version().catch(() => null);
  signal.throwIfAborted();
  const place = { memberDir: `${member.dataDir}/member` };
  const survey = await surveyMemberDir(
    member.walDir === undefined ? place : { ...place, walDir: member.walDir },
    signal,
  );
  const undone = await undoneRevision(member.dataDir);
  const room = await roomOf(member);
  return {
    running,
    answers: false,
    inQuorum: false,
    ...survey,
    version,
    ...(undone !== undefined && { undoneRevision: undone }),
    ...(room !== undefined && { room }),
  };
}

async function observeComponent(
  component: ComponentDescription,
  driver: HostDriver,
  { signal }: NodeContext,
): Promise<ComponentSight> {
  const elsewhere = await whyComponentElsewhere(component);
  if (elsewhere !== undefined)
    throw new Failure('node-failed', elsewhere, { step: 'halt', member: component.name });
  try {
    // A name that is wrong would make one that runs pass for stopped.
    const unstartable = await driver.whyUnstartable(signal);
    if (unstartable !== undefined) return { running: null, detail: unstartable };
    const { running, detail } = await driver.state(signal);
    return { running, detail };
  } catch (error) {
    signal.throwIfAborted();
    if (!isFailure(error)) throw error;
    return { running: null, detail: error.why };
  }
}

async function carryOut(way: 'perform' | 'undo', act: Act, access: HostAccess): Promise<StepEvidence> {
  const { kind } = act.order;
  const { order, context } = act;
  const own = kind === 'configure' ? () => configuring[way]({ order, context, access }) : undefined;
  const step = steps[kind];
  const carry = own ?? (step && (() => step[way](act)));
  if (carry === undefined) throw new RangeError(`${kind} is not a step of a node`);
  act.context.signal.throwIfAborted();
  if (!claiming.includes(kind)) await ownClaim(act);
  return carry();
}

/** Failures of system calls in the words of the table; what was thrown on purpose and what is a bug is passed on. */
async function inWordsOf<T>(
  order: StepOrder | ComponentOrder,
  { signal }: NodeContext,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (signal.aborted && (error === signal.reason || (error as Error).name === 'AbortError')) {
      throw signal.reason;
    }
    const { code, syscall, path, message } = error as NodeJS.ErrnoException;
    if (isFailure(error) || syscall === undefined) throw error;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new Failure(
        'disk-full',
        message,
        { path: path ?? ('member' in order ? order.member.dataDir : '/') },
        { cause: error },
      );
    }
    throw stepFailed(order, message, error);
  }
}
