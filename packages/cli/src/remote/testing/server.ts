import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { connectServer } from '@holdfast/client';
import { makeLog, startServer } from '@holdfast/server';
import { expect } from 'vitest';
import { holdfast, type Ran, type TestIo } from '../../testing/io.ts';

const password = 'correct horse battery';

/** A server that runs in this process, and a user of the command line who has logged in there. */
export interface TestServer extends AsyncDisposable {
  readonly folder: string;
  readonly url: string;
  readonly caSha256: string;
  /** Holds the password of the user `admin`. */
  readonly passwordFile: string;
  /** Runs a command line with HOLDFAST_SERVER set. */
  run(args: readonly string[], given?: TestIo): Promise<Ran>;
  /** Runs one that has to succeed. @returns its stdout */
  done(...args: string[]): Promise<string>;
}

/** Starts a server with SQLite in a folder of its own and a repository `main`, and logs in as admin. */
export async function testServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-remote-'));
  const server = await startServer({
    ...{ dataDir: join(folder, 'server'), listen: { host: '127.0.0.1', port: 0 }, advertised: [] },
    ...{ databaseUrl: null, secretsKeyFile: null, certificate: null, adminPassword: password },
    ...{ metricsOpen: false, standInAfterMs: 300_000, version: '0.1.0', clock: systemClock, variables: {} },
    log: makeLog({ write: () => {} }, 'error'),
  });
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await mkdir(join(folder, 'repository'), { mode: 0o700 });
  await using client = await connectServer({ url: server.url, ca: server.ca });
  const { token } = await client.call('logIn', { body: { name: 'admin', password } });
  await using admin = await connectServer({ url: server.url, ca: server.ca, token });
  const spec = { name: 'main', path: join(folder, 'repository') };
  await admin.call('createRepository', { body: { spec, create: true } });
  const run: TestServer['run'] = (args, given = {}) =>
    holdfast(args, {
      ...{ home: join(folder, 'home'), clock: systemClock, cwd: folder },
      ...given,
      env: { HOLDFAST_SERVER: server.url, ...given.env },
    });
  const done = async (...args: string[]): Promise<string> => {
    const { exit, stdout, stderr } = await run(args);
    expect([exit, stderr.includes('error:')], stderr).toEqual([0, false]);
    return stdout;
  };
  const made = { folder, url: server.url, caSha256: server.caSha256, passwordFile, run, done };
  const login = await run([
    ...['login', '--user', 'admin', '--password-file', passwordFile],
    ...['--server-ca-sha256', server.caSha256],
  ]);
  if (login.exit !== 0) throw new Error(login.stderr);
  return {
    ...made,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
