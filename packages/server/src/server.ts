import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Failure, type Clock } from '@holdfast/base';
import type { Logger } from 'pino';
import { takeFirstBytes, type Connections } from './api/connections.ts';
import { makePasswords } from './auth/password.ts';
import { compose, type Composed } from './compose.ts';
import type { ServerContext } from './context.ts';
import { makeFirstAdmin } from './first-admin.ts';
import { newId } from './ids.ts';
import { openStore, type StorePlace } from './open-store.ts';
import { openAuthority } from './pki/authority.ts';
import { serverTls, type CertificateFiles } from './pki/server-tls.ts';
import { openSealer } from './secrets/key-file.ts';

/** How a server is to be. */
export interface ServerOptions extends StorePlace {
  /** Port 0: any that is free. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Names and addresses by which it is reached, beside this machine's own. */
  readonly advertised: readonly string[];
  /** Null: `secrets.key` in the data folder, which is made where it is not there. */
  readonly secretsKeyFile: string | null;
  /** Null: a certificate of the fleet's own CA. */
  readonly certificate: CertificateFiles | null;
  /** Of the user `admin`, where there is no user yet. Null: a new one is made. */
  readonly adminPassword: string | null;
  /** Whether `/metrics` needs no token. */
  readonly metricsOpen: boolean;
  /** Milliseconds without this server after which a node of a cluster carries its policies out by itself. */
  readonly standInAfterMs: number;
  /** Of Holdfast. */
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where proxies and a default region are looked for. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** A server that answers. */
export interface RunningServer extends AsyncDisposable {
  /** Where it listens, as `https://localhost:9443`. */
  readonly url: string;
  /** PEM of the fleet's CA, and the SHA-256 of it by which agents and people know it. */
  readonly ca: string;
  readonly caSha256: string;
  /** Where the password of the first admin was written and still is; null: a person has chosen it, or removed the file. */
  readonly adminPasswordFile: string | null;
  /** Rejects when a part of it has failed in a way that it does not know; never resolves before it is stopped. */
  readonly ended: Promise<void>;
  /**
   * Ends it within ten seconds: nobody new is let in, who waits is answered, streams end, and what was being carried out is
   * let go of, so that another replica, or this one at its next start, goes on with it.
   */
  stop(): Promise<void>;
}

/** For what was under way when it is stopped. */
const graceMs = 9_000;
const idleLookMs = 50;

/**
 * Starts a server.
 *
 * @throws Failure store-unreachable, store-newer, secret-unreadable, secrets-key-invalid, certificate-files-invalid,
 *   listener-failed, file-unwritable, file-unreadable
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { dataDir, log } = options;
  await makeFolders(dataDir);
  const sealer = await openSealer(options.secretsKeyFile ?? join(dataDir, 'secrets.key'), random, {
    make: options.secretsKeyFile === null,
  });
  const store = await openStore(options, options.clock);
  try {
    const context: ServerContext = {
      ...{ clock: options.clock, store, sealer, log, random, holdfast: options.version },
      replica: newId('r', random),
      scratchFolder: join(dataDir, 'scratch'),
      memory: join(dataDir, 'memory'),
    };
    return await start(context, options);
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

const random = (bytes: number): Uint8Array => randomBytes(bytes);

async function start(context: ServerContext, options: ServerOptions): Promise<RunningServer> {
  const { log } = context;
  const stopping = new AbortController();
  const authority = await openAuthority(context);
  const { advertised, certificate: files } = options;
  const tls = await serverTls(context, authority, { advertised, files });
  const passwords = makePasswords(random);
  const chosen = options.adminPassword;
  const adminPasswordFile = await makeFirstAdmin(context, passwords, { dataDir: options.dataDir, chosen });
  const composed = await compose({
    ...{ context, authority, tls, passwords, stopping: stopping.signal },
    ...{ metricsOpen: options.metricsOpen, standInAfterMs: options.standInAfterMs },
    variables: options.variables,
  });
  const connections = takeFirstBytes(composed.app.server as unknown as Server);
  const url = await listen(composed, options);
  log.info(
    { url, replica: context.replica, store: context.store.kind, ca: authority.sha256 },
    'the server is up',
  );
  const running = run({ ...composed, connections }, context, stopping);
  return {
    ...{ url, ca: authority.certificate, caSha256: authority.sha256, adminPasswordFile },
    ended: running.ended,
    stop: running.stop,
    [Symbol.asyncDispose]: running.stop,
  };
}

async function makeFolders(dataDir: string): Promise<void> {
  for (const path of [dataDir, join(dataDir, 'scratch'), join(dataDir, 'memory')]) {
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new Failure('file-unwritable', (error as Error).message, { path });
    }
  }
}

async function listen({ app }: Composed, { listen }: ServerOptions): Promise<string> {
  const { host, port } = listen;
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw new Failure('listener-failed', (error as Error).message, { address: `${host}:${port}` });
  }
  const bound = (app.server.address() as AddressInfo).port;
  const isAny = host === '0.0.0.0' || host === '::';
  return `https://${isAny ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${bound}`;
}

type Running = Composed & { readonly connections: Connections };

/** Ends connections as they fall idle, and after the time of grace those that do not. */
async function letGo(
  { app: { server }, connections }: Running,
  clock: Clock,
  over: AbortSignal,
): Promise<void> {
  const begun = clock.monotonic();
  while (!over.aborted && clock.monotonic() - begun < graceMs) {
    server.closeIdleConnections();
    await clock.sleep(idleLookMs, over).catch(() => undefined);
  }
  if (!over.aborted) connections.end();
}

/** Has everything go on by itself, until somebody stops it or a part of it fails. */
function run(running: Running, context: ServerContext, stopping: AbortController) {
  const { app, runs } = running;
  const { clock, log, store } = context;
  const failed = Promise.withResolvers<void>();
  const all = Promise.all(
    runs.map(async (each) => {
      try {
        await each(stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return;
        log.error({ stack: (error as Error).stack }, 'a part of the server has failed');
        failed.reject(error);
      }
    }),
  );
  let stopped: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    log.info('the server is being stopped');
    stopping.abort(new Failure('server-stopping', 'it was asked to'));
    const over = new AbortController();
    const closed = Promise.all([app.close(), all]).finally(() => over.abort());
    await letGo(running, clock, over.signal);
    await closed;
    await store[Symbol.asyncDispose]();
    log.info('the server has ended');
    failed.resolve();
  };
  // Who does not wait for its end is told by the log.
  failed.promise.catch(() => undefined);
  return {
    ended: failed.promise,
    stop: (): Promise<void> => (stopped ??= end()),
  };
}
