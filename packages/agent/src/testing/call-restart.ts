/** Carries out one restart order in a process of its own, as an agent does: asked by its input, as JSON, and answered by its output. */
import { Failure, systemClock } from '@holdfast/base';
import type { NodePart } from '@holdfast/model/fleet';
import type { Act } from '../fleet/orders/act.ts';
import { restartByOrder } from '../fleet/orders/restart.ts';
import type { HostAccess } from '../host/driver.ts';
import { orderOf } from '../fleet/testing/orders.ts';

/** What is asked. */
export interface RestartCall {
  readonly except?: readonly NodePart[];
  /** What an agent that has died had told before. */
  readonly told?: Act['told'];
  /** Dies as soon as it has told that it begins. */
  readonly dies?: boolean;
  readonly access?: HostAccess;
  readonly withinMs?: number;
}

/** What came of it. */
export interface RestartAnswer {
  readonly told: Act['told'];
  readonly result?: unknown;
  readonly failure?: { readonly code: string; readonly why: string };
}

const asked: Buffer[] = [];
for await (const chunk of process.stdin) asked.push(chunk as Buffer);
const {
  except = [],
  told = [],
  dies = false,
  access,
  withinMs,
} = JSON.parse(Buffer.concat(asked).toString()) as RestartCall;
const events = [...told];
const answer = (more: Omit<RestartAnswer, 'told'>): void => {
  process.stdout.write(JSON.stringify({ told: events, ...more } satisfies RestartAnswer));
};
const act: Act = {
  ...{ order: orderOf('o-first', 'restart', {}), signal: AbortSignal.timeout(60_000), told },
  progress: () => {},
  async tell(type, data) {
    events.push({ n: events.length, at: systemClock.now().toISOString(), type, data });
    if (!dies) return;
    answer({});
    process.exit(0);
  },
};
try {
  const how = { ...(access !== undefined && { access }), ...(withinMs !== undefined && { withinMs }) };
  answer({ result: await restartByOrder({ clock: systemClock }, { except: [...except] }, act, how) });
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  answer({ failure: { code: error.code, why: error.why } });
}
