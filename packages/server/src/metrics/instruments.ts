import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type MetricName, serverMetricTable } from './metric-table.ts';

type Labels = Readonly<Record<string, string>>;

/** The metrics of the table in a registry, by their names. */
export class Instruments {
  readonly #made = new Map<string, Gauge | Counter | Histogram>();

  constructor(registry: Registry) {
    for (const [name, metric] of Object.entries(serverMetricTable)) {
      const { type, help } = metric;
      const options = { name, help, labelNames: [...metric.labels], registers: [registry] };
      if (type === 'histogram')
        this.#made.set(name, new Histogram({ ...options, buckets: [...metric.buckets] }));
      else this.#made.set(name, type === 'counter' ? new Counter(options) : new Gauge(options));
    }
  }

  set(name: MetricName, value: number, labels: Labels = {}): void {
    (this.#made.get(name) as Gauge).set(labels, value);
  }

  count(name: MetricName, labels: Labels): void {
    (this.#made.get(name) as Counter).inc(labels);
  }

  observe(name: MetricName, value: number, labels: Labels = {}): void {
    (this.#made.get(name) as Histogram).observe(labels, value);
  }

  /** Forgets all values, so that what is not set again is absent. */
  reset(...names: readonly MetricName[]): void {
    for (const name of names) this.#made.get(name)?.reset();
  }
}
