import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const bin = join(import.meta.dirname, '../../../packages/cli/bin/holdfast.js');
const withinMs = 60_000;
/** As the first line of the program has them. */
const flags = ['--max-semi-space-size=4'];

/** What a process has used: processor time in ms, and resident memory in bytes, now and at most. */
export interface Used {
  readonly cpuMs: number;
  readonly bytes: number;
  readonly mostBytes: number;
}

/** A `holdfast server` in a process of its own, as a service is run. */
export class ServerProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /**
   * @param databaseUrl of PostgreSQL; null: SQLite in the folder
   * @param profileTo folder for a profile of its processor time, made when it ends
   */
  static async start(options: {
    readonly dataDir: string;
    readonly password: string;
    readonly secretsKeyFile: string | null;
    readonly databaseUrl: string | null;
    readonly profileTo: string | null;
    /** Where it was before; 0: any that is free. */
    readonly port: number;
  }): Promise<ServerProcess> {
    const { dataDir, databaseUrl, secretsKeyFile, profileTo } = options;
    const profiling = profileTo === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`];
    const args = ['server', '--data-dir', dataDir, '--listen', `127.0.0.1:${options.port}`, '--metrics-open'];
    const key = secretsKeyFile === null ? [] : ['--secrets-key-file', secretsKeyFile];
    const password = ['--admin-password-file', options.password];
    const log = `${dataDir}.log`;
    const out = openSync(log, 'w');
    const child = spawn(process.execPath, [...flags, ...profiling, bin, ...args, ...key, ...password], {
      stdio: ['ignore', out, out],
      env: { ...process.env, MALLOC_ARENA_MAX: '1', HOLDFAST_DATABASE_URL: databaseUrl ?? '' },
    });
    closeSync(out);
    const until = performance.now() + withinMs;
    for (;;) {
      const url = /"url":"(https:[^"]+)"/.exec(readFileSync(log, 'utf8'))?.[1];
      if (url !== undefined) return new ServerProcess(url, child);
      if (child.exitCode !== null || performance.now() > until)
        throw new Error(`the server does not start: ${readFileSync(log, 'utf8')}`);
      await sleep(50);
    }
  }

  get isThere(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** proc(5): utime and stime in hundredths of a second, VmRSS and VmHWM. */
  used(): Used {
    const [, afterName = ''] = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ');
    const fields = afterName.split(' ');
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    const bytesOf = (name: string): number =>
      Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024;
    return {
      cpuMs: 10 * (Number(fields[11]) + Number(fields[12])),
      bytes: bytesOf('VmRSS'),
      mostBytes: bytesOf('VmHWM'),
    };
  }

  /** Seconds by which its event loop was late in 99 of 100 cases, since this was asked last. */
  async loopDelay(ca: string): Promise<number> {
    const text = await metrics(this.url, ca);
    return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)?.[1] ?? Number.NaN);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (!this.isThere) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGTERM');
  }
}

async function metrics(url: string, ca: string): Promise<string> {
  const { get } = await import('node:https');
  return await new Promise((resolve, reject) => {
    get(`${url}/metrics`, { ca }, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (part: string) => (text += part));
      reply.on('end', () => resolve(text));
    }).on('error', reject);
  });
}
