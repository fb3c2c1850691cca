import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Failure, isFailure } from '@holdfast/base';
import { Option } from 'commander';
import { spanMs } from '@holdfast/model';
import { lengthOfTime } from '../program/span.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { readSecretLine } from '../sources/secret-file.ts';
import { serverStore, withServerStore, type ServerStoreOptions } from '../sources/server-store.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { styleFor } from '../term/style.ts';
import { serverLine } from '../view/server-log.ts';
import { version } from '../version.ts';

interface ServerCommandOptions extends ServerStoreOptions {
  readonly listen: string;
  readonly advertise?: string;
  readonly secretsKeyFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly adminPasswordFile?: string;
  readonly metricsOpen?: true;
  readonly standInAfter: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** A name of the DNS, as a certificate has it. */
const hostName = /^(?:\*\.)?[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)*$/i;

export function addServer(parent: Verb): void {
  const verb = parent.command('server');
  withServerStore(verb)
    .description('Run the control plane of many clusters, which agents and people reach over one port.')
    .option('--listen <address>', 'where agents and people reach it', '0.0.0.0:9443')
    .option('--advertise <names>', 'names and addresses that it is reached by, beside those of this machine')
    .option(
      '--secrets-key-file <file>',
      'the key of what the database keeps sealed (default: made in --data-dir)',
    )
    .option('--tls-cert <file>', 'a certificate of your own CA, with its chain (PEM)')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--admin-password-file <file>', 'password of the first admin (default: a new one, in --data-dir)')
    .option('--metrics-open', 'tell /metrics without a token')
    .option(
      '--stand-in-after <span>',
      'how long agents wait for it before they carry policies out by themselves',
      lengthOfTime,
      '5m',
    )
    .addOption(
      new Option('--log-level <level>', 'how much is told')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .example(
      'One server, with everything in one folder',
      'holdfast server --data-dir /var/lib/holdfast-server --advertise holdfast.example.org',
    )
    .example(
      'One of several that share a PostgreSQL; each has a copy of the same key',
      'holdfast server --data-dir /var/lib/holdfast-server --secrets-key-file /etc/holdfast/secrets.key \\\n      --database-url-file /etc/holdfast/database-url --advertise holdfast.example.org',
    )
    .remark(
      'At its first start it makes a CA for itself and its agents, a key under which the database keeps secrets, and the user `admin`, whose password it writes to `initial-admin-password` in --data-dir; `holdfast user reset-password` gives a new one where it is lost. Keep a copy of `secrets.key`: without it what the database holds of credentials cannot be opened.',
    )
    .remark(
      'People come with tokens (`Authorization: Bearer …`), agents with certificates of its CA. What it serves: /v1, described under /v1/openapi.json; /v3 for scripts that know Rancher; /agent/v1 for agents; /metrics; and without a token /healthz, /readyz and /v1/ca.',
    )
    .remark(
      'It is an index and a scheduler, and none of the snapshots go through it: while it is away agents go on by themselves. SIGTERM ends it within ten seconds; what it was carrying out goes on at its next start, or on another replica.',
    )
    .remark('The log is on stderr: lines for people on a terminal, else one JSON object a line.')
    .answers((session, options: ServerCommandOptions) => run(session, options, verb));
}

async function run(session: Session, options: ServerCommandOptions, verb: Verb): Promise<Answer> {
  const { io } = session;
  if ((options.tlsCert === undefined) !== (options.tlsKey === undefined))
    throw new Failure('usage', '--tls-cert and --tls-key go together');
  const advertised = options.advertise?.split(',').map((name) => name.trim()) ?? [];
  const odd = advertised.find((name) => isIP(name) === 0 && !hostName.test(name));
  if (odd !== undefined)
    throw new Failure('usage', `--advertise takes names and addresses without a port, not "${odd}"`);
  // A request that waits for news outlives the young generation and is garbage half a minute later. V8 would let the heap
  // of an idle server grow to four times of what lives before it collects that.
  setFlagsFromString('--heap-growing-percent=40');
  const { makeLog, startServer } = await import('@holdfast/server');
  const { parseListen } = await import('@holdfast/agent/standalone');
  const path = (file: string): string => resolve(io.cwd, file);
  const { host, port } = parseListen(options.listen);
  const server = await startServer({
    ...(await serverStore(session, options)),
    listen: { host, port },
    advertised,
    secretsKeyFile: options.secretsKeyFile === undefined ? null : path(options.secretsKeyFile),
    certificate:
      options.tlsCert === undefined
        ? null
        : { certificate: path(options.tlsCert), key: path(options.tlsKey!) },
    adminPassword:
      options.adminPasswordFile === undefined ? null : await readSecretLine(path(options.adminPasswordFile)),
    metricsOpen: options.metricsOpen === true,
    standInAfterMs: spanMs(options.standInAfter),
    ...{ version, clock: io.clock, variables: io.env },
    log: makeLog({ write: writer(session, verb) }, options.logLevel),
  });
  if (server.adminPasswordFile !== null)
    session.warn(
      `the first password of the user admin is in ${server.adminPasswordFile}: log in, change it, remove the file`,
    );
  try {
    await Promise.race([server.ended, aborted(io.signal)]);
  } finally {
    await server.stop();
  }
  // Ctrl-C is a person's, who is told so by the exit status; whoever sends SIGTERM has got what was asked for.
  if (isFailure(io.signal.reason, 'interrupted')) throw io.signal.reason;
  return { json: { apiVersion, kind: 'ServerEnded' }, names: [], text: () => '' };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}

function writer(session: Session, verb: Verb): (line: string) => void {
  const { io, settings } = session;
  const { stderr } = io;
  const style = styleFor(stderr, io.env, verb.optsWithGlobals()['color'] !== false);
  return (line) => {
    session.clear();
    stderr.write(stderr.isTTY === true ? serverLine(line, settings.utc, style) : line);
  };
}
