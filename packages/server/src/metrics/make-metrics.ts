import { collectDefaultMetrics, Registry } from 'prom-client';
import type { ServerContext } from '../context.ts';
import type { Store } from '../store/store.ts';
import { readFigures } from './fleet-figures.ts';
import { Instruments } from './instruments.ts';
import { measuredStore } from './measured-store.ts';

/** A request that was answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** As it was declared, with its parameters by name; null: there is none of this path. */
  readonly route: string | null;
  readonly status: number;
  readonly seconds: number;
}

/** What the server measures. */
export interface Metrics {
  readonly contentType: string;
  /** All of it in Prometheus' text format. @throws Failure of the store */
  text(): Promise<string>;
  /** The store of the context, measured: what the parts of the server are to work with. */
  readonly store: Store;
  answered(request: AnsweredRequest): void;
  /** All alerts were evaluated, in so many seconds. */
  evaluated(seconds: number): void;
}

/** How metrics are told. */
export interface MetricOptions {
  /** For how many clusters at most each is a label of its own; 2,000 when absent. 0: for none. */
  readonly clusterLabels?: number;
}

/** Milliseconds for which figures of the fleet are told again, so that many scrapes cost the database little. */
const figuresMs = 15_000;
const syncRoute = '/agent/v1/sync';

export function makeMetrics(
  context: Pick<ServerContext, 'store' | 'clock' | 'holdfast'>,
  { clusterLabels = 2_000 }: MetricOptions = {},
): Metrics {
  const { clock, holdfast } = context;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const put = new Instruments(registry);
  put.set('holdfast_server_build_info', 1, { version: holdfast });
  let readAt: number | undefined;
  let reading: Promise<void> | undefined;
  const read = async (): Promise<void> => {
    if (readAt !== undefined && clock.monotonic() - readAt < figuresMs) return;
    reading ??= readFigures(context, put, clusterLabels).finally(() => {
      reading = undefined;
    });
    await reading;
    readAt = clock.monotonic();
  };
  return {
    contentType: registry.contentType,
    text: async () => {
      await read();
      return await registry.metrics();
    },
    store: measuredStore(context.store, put, clock),
    answered: ({ method, route, status, seconds }) => {
      const labels = { method, route: route ?? 'none', status: `${Math.floor(status / 100)}xx` };
      put.observe('holdfast_server_http_request_seconds', seconds, labels);
      if (route === syncRoute) put.count('holdfast_server_sync_requests_total', { status: labels.status });
    },
    evaluated: (seconds) => {
      put.observe('holdfast_server_alert_evaluation_seconds', seconds);
      put.set('holdfast_server_alert_evaluated_timestamp_seconds', clock.now().getTime() / 1000);
    },
  };
}
