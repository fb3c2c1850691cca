import { Failure } from '@holdfast/base';
import { newToken } from '../../auth/token.ts';
import type { ServerContext } from '../../context.ts';
import { newId } from '../../ids.ts';
import type { Authority } from '../../pki/authority.ts';
import type { StoredJoinToken } from '../../store/nodes.ts';
import type { Handlers } from '../handler.ts';
import { pageFrom } from '../paging.ts';

/** Tokens with which agents join a cluster. */
export function joinTokenHandlers({
  context,
  authority,
}: {
  readonly context: ServerContext;
  readonly authority: Pick<Authority, 'sha256'>;
}): Handlers<'createJoinToken' | 'listJoinTokens' | 'deleteJoinToken'> {
  const { store, clock, random } = context;
  return {
    async createJoinToken({ params: { cluster }, body, caller, note }) {
      await knowCluster(context, cluster);
      const id = newId('j', random);
      const { token, hash } = newToken('hfj', id, random);
      const made: StoredJoinToken = {
        id,
        hash,
        cluster,
        expiresAt: new Date(clock.now().getTime() + body.lifetimeSeconds * 1_000).toISOString(),
        usesLeft: body.uses,
        createdBy: caller.name,
      };
      await store.joinTokens.create(made);
      note({ expiresAt: made.expiresAt, uses: body.uses }, { of: id });
      return { ...shown(made), token, caSha256: authority.sha256 };
    },
    async listJoinTokens({ params: { cluster }, query }) {
      await knowCluster(context, cluster);
      const now = clock.now().getTime();
      const usable = (await store.joinTokens.ofCluster(cluster)).filter(
        ({ expiresAt, usesLeft }) => Date.parse(expiresAt) > now && usesLeft !== 0,
      );
      return pageFrom(usable.map(shown), ({ id }) => id, query);
    },
    async deleteJoinToken({ params: { cluster, token } }) {
      const stored = await store.joinTokens.get(token);
      if (stored?.cluster !== cluster || !(await store.joinTokens.remove(token)))
        throw new Failure('token-unknown', 'the cluster has none of this id', { token });
    },
  };
}

async function knowCluster({ store }: ServerContext, cluster: string): Promise<void> {
  if ((await store.clusters.get(cluster)) === undefined)
    throw new Failure('cluster-unknown', 'it was never there, or was removed', { cluster });
}

function shown({
  id,
  cluster,
  expiresAt,
  usesLeft,
  createdBy,
}: StoredJoinToken): Omit<StoredJoinToken, 'hash'> {
  return { id, cluster, expiresAt, usesLeft, createdBy };
}
