import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, reservePort } from '../cluster/ports.ts';
import { lastLines, startServer, type ServerProcess } from '../cluster/server-process.ts';
import { run, runAny } from '../obtain/run.ts';
import { type PostgresqlPrograms, postgresqlPrograms } from './obtain.ts';
import { asUser, otherUser } from './user.ts';

/** A PostgreSQL on 127.0.0.1 that asks for a password, in a folder of its own that goes with it. */
export interface PostgresqlServer extends AsyncDisposable {
  readonly password: string;
  /** Makes an empty database. @returns its URL, with user and password */
  database(): Promise<string>;
  /** Asks one or more statements of a database and gives what psql prints, without headings. */
  ask(url: string, statements: string): Promise<string>;
  /** Ends it as `pg_ctl stop -m fast` does: its connections end. Its files stay. */
  stop(): Promise<void>;
  /** Starts it again, on the same port. */
  start(): Promise<void>;
}

const user = 'holdfast';
const answersWithinMs = 60_000;
const lookAgainMs = 50;

/**
 * Starts one and waits until it answers. It ends with this process at the latest. Throws PartUnavailable where it cannot be
 * had.
 *
 * @param fsync whether what is committed is on the disk, false if not said: a test that does not pull the plug is faster
 */
export async function startPostgresql({
  fsync = false,
}: { fsync?: boolean } = {}): Promise<PostgresqlServer> {
  const programs = await postgresqlPrograms((line) => console.error(line));
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-postgresql-'));
  const port = await reservePort();
  const server = new Postgresql(programs, folder, port, fsync);
  try {
    await server.make();
    await server.start();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

class Postgresql implements PostgresqlServer {
  readonly password = randomBytes(12).toString('hex');
  readonly #programs: PostgresqlPrograms;
  readonly #folder: string;
  readonly #port: number;
  readonly #fsync: boolean;
  #process: ServerProcess | undefined;
  #databases = 0;

  constructor(programs: PostgresqlPrograms, folder: string, port: number, fsync: boolean) {
    this.#programs = programs;
    this.#folder = folder;
    this.#port = port;
    this.#fsync = fsync;
  }

  async make(): Promise<void> {
    const passwordFile = join(this.#folder, 'password');
    await writeFile(passwordFile, this.password, { mode: 0o600 });
    const owner = otherUser();
    if (owner !== undefined) {
      await chown(this.#folder, owner, owner);
      await chown(passwordFile, owner, owner);
    }
    const settings = [
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ];
    const args = [`--pgdata=${this.#data}`, `--username=${user}`, `--pwfile=${passwordFile}`, ...settings];
    const [command, all] = asUser(this.#programs.path('initdb'), args);
    await run(command, all, { cwd: this.#folder, env: this.#programs.environment });
    await rm(passwordFile);
  }

  async start(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: this.#port,
      unix_socket_directories: this.#folder,
      fsync: this.#fsync ? 'on' : 'off',
      full_page_writes: this.#fsync ? 'on' : 'off',
      max_connections: 200,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [command, all] = asUser(this.#programs.path('postgres'), ['-D', this.#data, ...args]);
    const logFile = join(this.#folder, 'log');
    const env = { ...process.env, ...this.#programs.environment };
    this.#process = await startServer(command, all, { logFile, env, detached: false });
    const deadline = performance.now() + answersWithinMs;
    while ((await this.#psql(this.#url('postgres'), 'select 1')).code !== 0) {
      const { ending } = this.#process;
      if (ending !== undefined || performance.now() > deadline)
        throw new Error(`PostgreSQL does not answer (${ending ?? 'it runs'}):\n${lastLines(logFile)}`);
      await sleep(lookAgainMs);
    }
  }

  async database(): Promise<string> {
    const name = `holdfast_${++this.#databases}`;
    await this.ask(this.#url('postgres'), `create database ${name}`);
    return this.#url(name);
  }

  async ask(url: string, statements: string): Promise<string> {
    const { code, stdout, stderr } = await this.#psql(url, statements);
    if (code !== 0) throw new Error(`psql: ${stderr}`);
    return stdout.trimEnd();
  }

  async stop(): Promise<void> {
    if (this.#process?.ending === undefined) this.#process?.signal('SIGINT');
    await this.#process?.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    freePort(this.#port);
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  #url(database: string): string {
    return `postgres://${user}:${this.password}@127.0.0.1:${this.#port}/${database}`;
  }

  async #psql(url: string, input: string): ReturnType<typeof runAny> {
    const args = [
      '--no-psqlrc',
      '--quiet',
      '--tuples-only',
      '--no-align',
      '--set=ON_ERROR_STOP=1',
      '--file=-',
    ];
    // In the environment, where other users of the machine do not see the password.
    const { hostname, port, pathname } = new URL(url);
    const env = {
      ...this.#programs.environment,
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: user,
      PGPASSWORD: this.password,
      PGDATABASE: pathname.slice(1),
    };
    return runAny(this.#programs.path('psql'), args, { env, input });
  }
}
