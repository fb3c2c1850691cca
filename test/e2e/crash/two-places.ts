import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openS3 } from '@holdfast/repository';
import {
  type EtcdCluster,
  faultProxy,
  type FaultProxy,
  type FaultRule,
  s3Server,
  type S3Server,
  startCluster,
} from '@holdfast/test-servers';
import { vi } from 'vitest';
import { beginHoldfast, type Fault, type Finished, holdfast } from '../product.ts';

/** What a repository lists. */
export interface Listed {
  readonly items: readonly {
    readonly name: string;
    readonly sha256: string;
    readonly state: string;
    readonly trust: { readonly trusted: boolean };
  }[];
  readonly unreadable: readonly { readonly code: string; readonly snapshot: string }[];
}

interface Checked {
  readonly ok: boolean;
  readonly findings: readonly unknown[];
  readonly leftovers: readonly unknown[];
  readonly read: { readonly snapshots: readonly string[] };
}

const shiftClock = join(import.meta.dirname, '../fault/shift-clock.ts');
const bucket = 'crashes';

/** The environment of a process whose clock is ahead by so many minutes. */
export function minutesAhead(minutes: number): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import ${shiftClock}`, FAULT_CLOCK_MS: String(minutes * 60_000) };
}

/**
 * A cluster that is saved to a sealed folder and to a sealed bucket, which is reached by a proxy that can go wrong. All
 * that the product writes on this machine lies below one folder: the repository, its state and its temporary files.
 */
export class TwoPlaces implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-copies-'));
  readonly local = join(this.folder, 'local');
  readonly remote = `s3://${bucket}/backups`;
  /** A value in etcd that must never be seen on the disk. */
  readonly marker = randomBytes(24).toString('hex');
  readonly #cluster: EtcdCluster;
  readonly #server: S3Server;
  readonly proxy: FaultProxy;
  environment: NodeJS.ProcessEnv;

  private constructor(cluster: EtcdCluster, server: S3Server, proxy: FaultProxy) {
    this.#cluster = cluster;
    this.#server = server;
    this.proxy = proxy;
    mkdirSync(join(this.folder, 'tmp'));
    writeFileSync(join(this.folder, 'ca.pem'), proxy.ca);
    this.environment = {
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
      HOLDFAST_S3_ENDPOINT: proxy.endpoint,
      HOLDFAST_S3_REGION: server.region,
      HOLDFAST_S3_CA: join(this.folder, 'ca.pem'),
      HOLDFAST_STATE_DIR: join(this.folder, 'state'),
      TMPDIR: join(this.folder, 'tmp'),
    };
  }

  static async make(): Promise<TwoPlaces> {
    const cluster = await startCluster({ version: '3.6' });
    const server = await s3Server('minio');
    await server.makeBucket(bucket);
    const proxy = await faultProxy({ upstream: server.endpoint, ca: server.ca });
    const places = new TwoPlaces(cluster, server, proxy);
    await places.#init();
    return places;
  }

  async #init(): Promise<void> {
    for (let i = 0; i < 100; i++) {
      await this.#cluster.gateway().put(`/registry/secrets/s${i}`, `${this.marker} ${'x'.repeat(3_000)}`);
    }
    const [keys, signing, pub] = ['keys.txt', 'signing.pem', 'keys.pub'].map((name) =>
      join(this.folder, name),
    );
    const init = ['repo', 'init', '--repo'];
    const { stdout } = await this.done([
      ...[...init, this.local, '--new-identity', keys!, '--new-signing-key', signing!],
      ...['-o', 'json'],
    ]);
    const { recipients } = JSON.parse(stdout) as { recipients: readonly { key: string }[] };
    writeFileSync(pub!, recipients.map(({ key }) => `${key}\n`).join(''));
    this.environment = { ...this.environment, HOLDFAST_SIGNING_KEY: signing! };
    await this.done([...init, this.remote, '--recipients-file', pub!]);
    this.environment = { ...this.environment, HOLDFAST_IDENTITY_FILE: keys! };
  }

  save(name: string): string[] {
    return [
      ...['snapshot', 'save', '--endpoints', this.#cluster.endpoints[0]!, '--name', name],
      ...['--repo', this.local, '--repo', this.remote, '--companions', 'none'],
    ];
  }

  async run(args: readonly string[], fault?: Fault, env?: NodeJS.ProcessEnv): Promise<Finished> {
    return await holdfast(args, fault, { ...this.environment, ...env });
  }

  /** @throws Error when it ends with another status */
  async done(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished> {
    const finished = await this.run(args, undefined, env);
    if (finished.status === 0) return finished;
    throw new Error(
      `holdfast ${args.join(' ')} ended with ${finished.status}: ${finished.stdout}${finished.stderr}`,
    );
  }

  async answer<T>(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<T> {
    return JSON.parse((await this.done([...args, '-o', 'json'], env)).stdout) as T;
  }

  /**
   * Runs a command that is killed as soon as a request befalls the rule.
   *
   * @returns its status: 137, unless it ended before
   */
  async killedAt(rule: FaultRule, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<number> {
    const planned = this.proxy.add({ ...rule, times: Infinity });
    try {
      const running = beginHoldfast(args, undefined, { ...this.environment, ...env });
      let ended = false;
      const finished = running.finished.finally(() => (ended = true));
      await vi.waitUntil(() => planned.hits > 0 || ended, { interval: 1, timeout: 60_000 });
      running.signal('SIGKILL');
      return (await finished).status;
    } finally {
      planned.remove();
    }
  }

  /** Runs a command while every request to the bucket is answered so. */
  async runWithout(status: number, code: string, args: readonly string[]): Promise<Finished> {
    const rule = this.proxy.add({ times: Infinity, fault: { kind: 'answer', status, code } });
    try {
      return await this.run(args);
    } finally {
      rule.remove();
    }
  }

  /** What both list, which must be the same. */
  async listed(): Promise<readonly [local: Listed['items'], remote: Listed['items']]> {
    const [local, remote] = await Promise.all(
      [this.local, this.remote].map((repo) => this.answer<Listed>(['snapshot', 'list', '--repo', repo])),
    );
    return [local!.items, remote!.items];
  }

  /**
   * Does what the failure `manifest-uncommitted` says. A writer that dies between its manifest and the commit of it leaves
   * what could as well have been taken off the list by somebody, so that a person decides.
   */
  async clearUncommitted(): Promise<void> {
    for (const repo of [this.local, this.remote]) {
      const { stdout } = await this.run(['snapshot', 'list', '--repo', repo, '-o', 'json']);
      const { unreadable } = JSON.parse(stdout) as Pick<Listed, 'unreadable'>;
      for (const { code, snapshot } of unreadable) {
        if (code !== 'manifest-uncommitted') continue;
        await this.done(['snapshot', 'delete', snapshot, '--repo', repo, '--yes']);
      }
    }
  }

  /** What a check that reads and opens everything finds. */
  async checked(repo: string): Promise<Checked> {
    return await this.answer<Checked>(['repo', 'check', '--read', 'all', '--open', '--repo', repo]);
  }

  /** Removes what nobody will go on with: here, now, and in the bucket as if a day had passed. */
  async repair(): Promise<void> {
    const repair = ['repo', 'check', '--read', 'none', '--repair', '--yes', '--repo'];
    await this.done([...repair, this.local], minutesAhead(25 * 60));
    await this.done([...repair, this.remote]);
    // No server takes a request of tomorrow, so the same step is made with tomorrow's bound.
    const { accessKey, secretKey, endpoint, region, ca } = this.#server;
    const settings = { bucket, folder: 'backups', endpoint, region, ca };
    const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
    const options = { random: () => 0, variables: {}, warn: () => {} };
    await (
      await openS3({ ...settings, credentials }, options)
    ).removeStale(new Date(Date.now() + 24 * 3_600_000));
  }

  /** Everything unfinished that is left, on this machine and in the bucket. */
  async unfinished(): Promise<readonly string[]> {
    const uploads = await this.#server.uploadsIn(bucket);
    return [
      ...this.files().filter((path) =>
        /\/\.staging\/|\/queue\/|\/claim-|\.new$|\/tmp\/|\/repositories\/\./.test(path),
      ),
      ...uploads.map(({ key }) => `upload of ${key}`),
    ];
  }

  /** Files that could be read without a key: they hold the value, or begin as what is not sealed. */
  plain(): readonly string[] {
    return this.files().filter((path) => {
      const bytes = readFileSync(join(this.folder, path));
      return bytes.includes(this.marker) || bytes.subarray(0, 4).equals(zstdMagic) || isBolt(bytes);
    });
  }

  /** Whether `plain` finds a snapshot that lies open. */
  async seesPlain(): Promise<boolean> {
    const path = join(this.folder, 'open.db');
    await this.#cluster.snapshotSave(path);
    const found = this.plain();
    const holds = readFileSync(path).includes(this.marker);
    rmSync(path);
    return holds && found.join() === '/open.db';
  }

  files(): readonly string[] {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.folder.length));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
    await this.#cluster[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** The magic number of a bbolt meta page, which follows the header of the page. */
function isBolt(bytes: Buffer): boolean {
  return bytes.length > 20 && bytes.readUInt32LE(16) === 0xed0cdaed;
}
