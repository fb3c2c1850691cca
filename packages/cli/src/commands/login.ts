import { resolve } from 'node:path';
import { userInfo } from 'node:os';
import { isFailure } from '@holdfast/base';
import { withNext } from '../failure/with-next.ts';
import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { serverOf, trustOf } from '../remote/connection.ts';
import { keepLogin, loginAt } from '../remote/logins.ts';
import { readSecretLine } from '../sources/secret-file.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { askSecret } from '../term/ask-secret.ts';
import { moment } from '../term/when.ts';

interface LoginOptions {
  readonly user?: string;
  readonly passwordFile?: string;
}

export function addLogin(parent: Verb): void {
  const verb = parent.command('login');
  verb
    .description('Log in at a server: what is done over it is then done as this user.')
    .option('--user <name>', 'whose password it is (default: the name of this user here)')
    .option('--password-file <file>', 'file that holds the password, in place of being asked for it')
    .example(
      'The first time, with the CA that the server names',
      'holdfast login --server https://holdfast.example:9443 --user ann \\\n      --server-ca-sha256 9f86d081…',
    )
    .example('From then on', 'holdfast status --server https://holdfast.example:9443')
    .remark(
      'The token of the login, and by what the server is trusted, are kept in logins.json beside the configuration of this user, who alone can read it. It ends after a working day. `HOLDFAST_SERVER`, or `server:` in the configuration file, saves saying --server each time. The SHA-256 of its CA is in the log of the server when it starts.',
    )
    .answers(login);
  withServer(verb);
}

async function login(session: Session, options: LoginOptions): Promise<Answer> {
  const { io } = session;
  const url = serverOf(session);
  const user = options.user ?? userInfo().username;
  const password =
    options.passwordFile === undefined
      ? await askSecret(io, `Password of ${user} at ${url}: `, '--password-file')
      : await readSecretLine(resolve(io.cwd, options.passwordFile));
  // What is said now counts; without it, what was said at the login before.
  const trust = await trustOf(session, await loginAt(io, url));
  const { connectServer } = await import('@holdfast/client');
  await using client = await connectServer({ url, ...trust, clock: io.clock, signal: io.signal });
  const made = await client.call('logIn', { body: { name: user, password } }).catch((error: unknown) => {
    if (!isFailure(error, 'not-authenticated')) throw error;
    throw withNext(error, 'Try again with the right name and password; an admin can set a new one.');
  });
  const { token, expiresAt, id } = made;
  const path = await keepLogin(io, url, { user, token, expiresAt, ...trust });
  return {
    json: { apiVersion, kind: 'Login', server: url, user, tokenId: id, expiresAt, path },
    names: [url],
    text: (view) =>
      `${view.style('good', 'logged in')} at ${url} as ${user}${expiresAt === null ? '' : ` until ${moment(expiresAt, view.utc)}`}\nThe token is in ${path}.\n`,
  };
}
