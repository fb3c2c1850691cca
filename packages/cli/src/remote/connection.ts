import { Failure, isFailure } from '@holdfast/base';
import type { ServerAddress, ServerClient } from '@holdfast/client';
import { withNext } from '../failure/with-next.ts';
import { required } from '../program/require.ts';
import { none } from '../program/span.ts';
import type { Session } from '../session.ts';
import { serverSettings } from '../settings/server-table.ts';
import { givenFlags } from '../sources/places.ts';
import { readSecretLine } from '../sources/secret-file.ts';
import { commandLine } from '../term/quote.ts';
import { caDigest, readPem, serverAddress } from './address.ts';
import { loginAt, type Login } from './logins.ts';

/** A server that commands are done over. */
export interface Fleet {
  readonly session: Session;
  readonly client: ServerClient;
  /** As `https://holdfast.example:9443`. */
  readonly url: string;
  /** The words of this command line that another command over the same server needs again, `--cluster` among them. */
  readonly again: readonly string[];
}

/** The server that is set. @throws Failure usage */
export function serverOf({ settings }: Session): string {
  const server = required(settings, 'server');
  if (server === none) throw new Failure('usage', 'this is done over a server, and none is set');
  return serverAddress(server);
}

/** By what the server is trusted: as is said, else as at the login. @throws Failure usage, file-unreadable */
export async function trustOf(
  { settings }: Session,
  login: Login | undefined,
): Promise<Pick<ServerAddress, 'ca' | 'caSha256'>> {
  const { serverCa, serverCaSha256 } = settings;
  if (serverCa !== undefined) return { ca: await readPem(serverCa) };
  if (serverCaSha256 !== undefined) return { caSha256: caDigest(serverCaSha256) };
  return { ca: login?.ca, caSha256: login?.caSha256 };
}

/** Does something over the server that is set, as who is logged in there or has the token. */
export async function withFleet<T>(session: Session, act: (fleet: Fleet) => Promise<T>): Promise<T> {
  const url = serverOf(session);
  const { settings, io } = session;
  const { serverTokenFile, serverToken } = settings;
  const hasToken = (serverTokenFile ?? serverToken) !== undefined;
  const login = await loginAt(io, url);
  const token = serverTokenFile === undefined ? serverToken : await readSecretLine(serverTokenFile);
  if (!hasToken && login === undefined)
    throw new Failure('not-logged-in', 'nobody has logged in there from here', { server: url });
  const { connectServer } = await import('@holdfast/client');
  const trust = await trustOf(session, login);
  await using client = await connectServer({
    ...{ url, ...trust, clock: io.clock, signal: io.signal },
    token: token ?? login!.token,
  });
  const again = [
    ...givenFlags(session, (name) => name === 'cluster' || name in serverSettings),
    ...(session.config === undefined ? [] : ['--config', session.config]),
  ];
  try {
    return await act({ session, client, url, again });
  } catch (error) {
    if (!isFailure(error, 'not-authenticated')) throw error;
    throw withNext(error, `Log in again: ${commandLine(['holdfast', 'login', '--server', url])}`);
  }
}
