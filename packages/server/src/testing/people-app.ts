import type { FastifyInstance } from 'fastify';
import { makeApp } from '../api/app.ts';
import type { Handlers } from '../api/handler.ts';
import { auditHandlers } from '../api/v1/audit.ts';
import { joinTokenHandlers } from '../api/v1/join-tokens.ts';
import { peopleHandlers } from '../api/v1/people.ts';
import { auditor, type Auditor } from '../audit/auditor.ts';
import { makeAuthenticator, type Authenticator } from '../auth/authenticator.ts';
import { makeLimiter } from '../auth/limiter.ts';
import { makePasswords, type Passwords } from '../auth/password.ts';
import { makeFirstAdmin } from '../first-admin.ts';
import { openAuthority, type Authority } from '../pki/authority.ts';
import { testContext, type TestContext } from './context.ts';

/** A request, and by whom. */
interface Call {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly address?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Of JSON; undefined where there is no body. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever it is
  readonly body: any;
}

/** The API's frame with the routes of people alone, without a socket, and its first admin. */
export interface PeopleApp extends AsyncDisposable {
  readonly context: TestContext;
  readonly app: FastifyInstance;
  readonly authenticator: Authenticator;
  readonly auditor: Auditor;
  readonly authority: Authority;
  readonly passwords: Passwords;
  readonly admin: { readonly name: string; readonly password: string };
  /** @param route as `GET /v1/self` */
  readonly call: (route: string, call?: Call) => Promise<Answer>;
  /** @returns a token of a new login */
  readonly logIn: (name: string, password: string) => Promise<string>;
  /** Everything that was answered since it began. */
  readonly answered: () => string;
}

export async function startPeopleApp(): Promise<PeopleApp> {
  const context = await testContext();
  const limiter = makeLimiter(context.clock);
  const passwords = makePasswords(context.random, 14);
  const authenticator = makeAuthenticator(context, limiter);
  const own = auditor(context);
  const authority = await openAuthority(context);
  const handlers = {
    ...peopleHandlers({ context, limiter, passwords }),
    ...auditHandlers(context),
    ...joinTokenHandlers({ context, authority }),
  } as Handlers;
  const stopping = new AbortController().signal;
  const app = await makeApp({ context, handlers, authenticator, auditor: own, stopping });
  const admin = { name: 'admin', password: 'the first of all admins' };
  await makeFirstAdmin(context, passwords, { dataDir: context.scratchFolder, chosen: admin.password });
  const answers: string[] = [];
  const call: PeopleApp['call'] = async (route, { token, body, headers, address = '192.0.2.1' } = {}) => {
    const [method, url] = route.split(' ');
    const reply = await app.inject({
      method: method as 'GET',
      url: url!,
      remoteAddress: address,
      headers: {
        ...headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    answers.push(JSON.stringify(reply.headers), reply.body);
    const isJson = String(reply.headers['content-type']).includes('json') && !url!.includes('audit/export');
    return {
      status: reply.statusCode,
      headers: reply.headers,
      text: reply.body,
      body: isJson && reply.body !== '' ? JSON.parse(reply.body) : undefined,
    };
  };
  return {
    ...{ context, app, authenticator, auditor: own, authority, passwords, admin, call },
    async logIn(name, password) {
      const { body, text } = await call('POST /v1/login', { body: { name, password } });
      if (body?.token === undefined) throw new Error(text);
      return body.token as string;
    },
    answered: () => answers.join('\n'),
    async [Symbol.asyncDispose]() {
      await app.close();
      await context[Symbol.asyncDispose]();
    },
  };
}
