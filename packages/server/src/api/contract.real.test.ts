import { postgresqlOrSkip, startPostgresql, type PostgresqlServer } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe } from 'vitest';
import { openPostgresStore } from '../store/postgresql/open.ts';
import type { OpenStore } from '../testing/context.ts';
import { goldenSuite } from './rancher-v3/testing/golden-suite.ts';
import { repliesSuite } from './testing/replies.ts';
import { wrongBodiesSuite } from './testing/wrong-bodies.ts';

describe.skipIf((await postgresqlOrSkip()).skip)('with a PostgreSQL', () => {
  let server: PostgresqlServer;
  beforeAll(async () => {
    server = await startPostgresql();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const open: OpenStore = async (clock) => openPostgresStore({ url: await server.database(), clock });

  repliesSuite('PostgreSQL', open);
  wrongBodiesSuite('PostgreSQL', open);
  goldenSuite('PostgreSQL', open);
});
