import { Failure, systemClock, type Clock, type FailureCode } from '@holdfast/base';
import type { ComponentDescription, MemberDescription } from '@holdfast/model';
import { discoverCluster } from '../host/discover.ts';
import { componentHost, etcdHost, type EtcdDriver, type Host, type HostAccess } from '../host/driver.ts';
import type { Join } from '../host/join-flags.ts';
import { proveStarted, proveStopped } from '../host/proof.ts';
import { localNode } from '../local-node.ts';

/** One thing that is asked of a driver in a process of its own, as JSON. */
export interface DriverCall {
  readonly what: MemberDescription | ComponentDescription;
  readonly act: keyof EtcdDriver | 'proveStopped' | 'proveStarted' | 'observe' | 'discover';
  readonly join?: Join;
  readonly access?: HostAccess;
  /** Milliseconds after which its signal ends. */
  readonly withinMs?: number;
}

/** What came of it. */
export type DriverAnswer =
  | { readonly value: unknown }
  | { readonly failure: { readonly code: FailureCode; readonly why: string } };

/** A clock by which waiting between looks takes its time, but patience ends twenty times as early. */
export const hastyClock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 20 };

/** A process that is called with this file reads a call from its input and prints the answer. */
async function answerCall({ what, act, join, access, withinMs = 30_000 }: DriverCall): Promise<DriverAnswer> {
  const clock = act === 'stop' ? hastyClock : systemClock;
  const { hosted, driver } = hostOf(what, clock, access);
  const signal = AbortSignal.timeout(withinMs);
  const acts: Record<DriverCall['act'], () => Promise<unknown>> = {
    state: () => driver.state(signal),
    stop: () => driver.stop(signal),
    start: () => driver.start(signal),
    tellJoin: async () => driver.tellJoin?.(join, signal),
    whyUnstartable: () => driver.whyUnstartable(signal),
    program: () => driver.program(),
    version: async () => driver.version?.(),
    logTail: () => driver.logTail(),
    proveStopped: () => proveStopped(hosted, driver, signal, clock),
    proveStarted: () => proveStarted(hosted, driver, signal, clock),
    observe: async () =>
      'component' in what ? localNode(clock).observeComponent(what, { clock, signal }) : undefined,
    discover: () => discoverCluster('found', 'clientUrls' in what ? what.clientUrls : [], access),
  };
  try {
    return { value: (await acts[act]()) ?? null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { failure: { code: error.code, why: error.why } };
  }
}

function hostOf(
  what: DriverCall['what'],
  clock: Clock,
  access: HostAccess = {},
): Pick<Host, 'hosted'> & { driver: Host['driver'] & Partial<EtcdDriver> } {
  return 'component' in what ? componentHost(what, clock, access) : etcdHost(what, clock, access);
}

if (import.meta.main) {
  const asked: Buffer[] = [];
  for await (const chunk of process.stdin) asked.push(chunk as Buffer);
  const call = JSON.parse(Buffer.concat(asked).toString()) as DriverCall;
  process.stdout.write(JSON.stringify(await answerCall(call)));
}
