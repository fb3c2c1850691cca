import type { Clock } from '@holdfast/base';
import type { SecretAddress } from '@holdfast/engine';
import type { DaemonLog } from '../log.ts';
import type { AlertMemory, DaemonObserver, Observed } from '../observer.ts';
import { alertsOf } from './alerts-of.ts';
import { Courier } from './courier.ts';
import { aliveness, readiness } from './health.ts';
import { Heartbeat } from './heartbeat.ts';
import type { ListenAddress } from './listen-address.ts';
import { listen, type Listener } from './listener.ts';
import { metricsOf } from './metrics.ts';
import { Systemd, type SystemdAsks } from './systemd.ts';

/** Whom the daemon tells how it goes. */
export interface TellerOptions {
  /** The machine's name. */
  readonly node: string;
  /** Of Holdfast. */
  readonly version: string;
  readonly clock: Clock;
  readonly log: DaemonLog;
  /** Where `/metrics`, `/healthz` and `/readyz` are served; undefined: nowhere. */
  readonly listen: ListenAddress | undefined;
  /** Where alerts are told; undefined: nowhere. */
  readonly webhook: SecretAddress | undefined;
  /** What is asked for after each save; undefined: nothing. */
  readonly heartbeat: SecretAddress | undefined;
  readonly systemd: SystemdAsks;
}

/** Tells whoever wants to know what the daemon does: by pages, notices, a heartbeat, and systemd. */
export class Teller implements DaemonObserver {
  readonly #options: TellerOptions;
  readonly #ended = new AbortController();
  readonly #startedAt: Date;
  readonly #heartbeat: Heartbeat;
  readonly #systemd: Systemd;
  #courier: Courier | undefined;
  #listener: Listener | undefined;
  #observed: Observed | undefined;
  #turnedAt: number;

  constructor(options: TellerOptions) {
    const { clock, heartbeat, systemd } = options;
    const log = (line: string): void => this.#log(line);
    this.#options = options;
    this.#startedAt = clock.now();
    this.#turnedAt = clock.monotonic();
    this.#heartbeat = new Heartbeat({ address: heartbeat, clock, log, signal: this.#ended.signal });
    this.#systemd = new Systemd(systemd, clock, log);
  }

  /** The port that is listened at; undefined: none. */
  get port(): number | undefined {
    return this.#listener?.port;
  }

  async start(memory: AlertMemory): Promise<void> {
    const { node, version, clock, webhook, listen: address } = this.#options;
    this.#courier = new Courier({
      receiver: webhook,
      teller: { node, version },
      memory,
      clock,
      log: (line) => this.#log(line),
      signal: this.#ended.signal,
    });
    if (address === undefined) return;
    if (!address.loopback)
      this.#log('the pages are served to whoever reaches this address: nobody is asked who they are');
    this.#listener = await listen(address, {
      metrics: () => this.#metrics(),
      healthz: () => aliveness(this.#sinceTurn()),
      readyz: () => readiness(this.#observed, this.#sinceTurn()),
    });
  }

  async observe(observed: Observed): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#observed = observed;
    this.#turnedAt = this.#options.clock.monotonic();
    const { state, policies, now } = observed;
    await Promise.all([
      this.#systemd.turned(observed),
      this.#courier?.look(state.alerts, alertsOf(state, policies, now), now),
      this.#heartbeat.look(observed),
    ]);
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await Promise.all([this.#systemd.stopping(), this.#listener?.close()]);
  }

  #log(text: string): void {
    this.#options.log({ at: this.#options.clock.now(), level: 'warning', event: 'telling', text });
  }

  #sinceTurn(): number {
    return this.#options.clock.monotonic() - this.#turnedAt;
  }

  async #metrics(): Promise<string> {
    if (this.#observed === undefined) return '';
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return metricsOf(this.#observed, {
      node: this.#options.node,
      version: this.#options.version,
      nodeVersion: process.version,
      startedAt: this.#startedAt,
      cpuSeconds: (user + system) / 1e6,
      residentBytes: rss,
      heapBytes: heapUsed,
      noticesWaiting: this.#courier?.waiting ?? 0,
    });
  }
}
