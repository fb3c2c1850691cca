import { isFailure } from '@holdfast/base';
import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { serverOf, trustOf } from '../remote/connection.ts';
import { keepLogin, loginAt } from '../remote/logins.ts';
import { apiVersion, type Answer } from '../term/answer.ts';

export function addLogout(parent: Verb): void {
  const verb = parent.command('logout');
  verb
    .description('End the login at a server, and forget its token here.')
    .example('At one server', 'holdfast logout --server https://holdfast.example:9443')
    .answers(logout);
  withServer(verb);
}

async function logout(session: Session): Promise<Answer> {
  const { io } = session;
  const url = serverOf(session);
  const login = await loginAt(io, url);
  if (login !== undefined) {
    await endToken(session, url, login);
    await keepLogin(io, url, undefined);
  }
  const user = login?.user ?? null;
  return {
    json: { apiVersion, kind: 'Logout', server: url, user },
    names: [url],
    text: () => (user === null ? `Nobody was logged in at ${url}.\n` : `${user} is logged out at ${url}.\n`),
  };
}

/** One that the server does not know any more has ended; where it cannot be asked, the token is forgotten here all the same. */
async function endToken(
  session: Session,
  url: string,
  login: NonNullable<Awaited<ReturnType<typeof loginAt>>>,
): Promise<void> {
  const { connectServer } = await import('@holdfast/client');
  const { clock, signal } = session.io;
  try {
    const trust = await trustOf(session, login);
    await using client = await connectServer({ url, ...trust, clock, signal, token: login.token });
    await client.call('logOut');
  } catch (error) {
    if (!isFailure(error) || signal.aborted) throw error;
    if (error.code === 'not-authenticated') return;
    const end = login.expiresAt === null ? '' : ` until ${login.expiresAt}`;
    session.warn(
      `the server was not told, and the token is good there${end}: ${error.message}: ${error.why}`,
    );
  }
}
