import { Failure } from '@holdfast/base';
import type { ServerContext } from '../context.ts';
import type { StoredJoinToken } from '../store/nodes.ts';
import type { Tables } from '../store/store.ts';
import { sameHash } from './authenticator.ts';
import { readJoinToken } from './token.ts';

/**
 * A join token that is known and not over, whether or not a use of it is left.
 *
 * @throws Failure join-refused: the same whether it is unknown, wrong or over
 */
export async function checkJoinToken(
  { store, clock }: Pick<ServerContext, 'store' | 'clock'>,
  token: string,
  tables: Tables = store,
): Promise<StoredJoinToken> {
  const sent = readJoinToken(token);
  const stored = sent === undefined ? undefined : await tables.joinTokens.get(sent.id);
  const isSame = sameHash(sent?.hash ?? '0'.repeat(64), stored?.hash);
  const isOver = stored !== undefined && Date.parse(stored.expiresAt) <= clock.now().getTime();
  if (stored === undefined || !isSame || isOver) throw refused();
  return stored;
}

/**
 * Takes one use of a join token.
 *
 * @param tables those of a transaction, where the use and what it is for belong together
 * @throws Failure join-refused: the same whether it is unknown, wrong, over or used up
 */
export async function redeemJoinToken(
  context: Pick<ServerContext, 'store' | 'clock'>,
  token: string,
  tables: Tables = context.store,
): Promise<{ readonly cluster: string }> {
  const { id, cluster } = await checkJoinToken(context, token, tables);
  if (!(await tables.joinTokens.use(id))) throw refused();
  return { cluster };
}

function refused(): Failure {
  return new Failure('join-refused', 'the join token is not valid, or not any more');
}
