import { createHash } from 'node:crypto';
import { Failure } from '@holdfast/base';
import type { JoinReply, JoinRequest } from '@holdfast/model/fleet';
import type { z } from 'zod';
import { checkJoinToken, redeemJoinToken } from '../../auth/join-token.ts';
import { connectedMs } from '../../gate/gate.ts';
import { newId } from '../../ids.ts';
import { certifyKey, issuedAt, provenKey } from '../../pki/agent-certificate.ts';
import type { Tables } from '../../store/store.ts';
import type { StoredJoinToken, StoredNode } from '../../store/nodes.ts';
import type { AgentApiParts } from './parts.ts';

/** What has become of a request to join. */
interface Joined {
  readonly node: string;
  /** `again`: its reply was lost. `took-over`: a node of the same name was silent, and its place is this one's now. */
  readonly how: 'new' | 'again' | 'took-over';
}

/**
 * Lets an agent join the cluster of a join token.
 *
 * Asked again with the same key while the token is valid, it is the same node, and no further use of the token is taken. An
 * agent that lost its state joins with a new key by the name that it had: it takes over the node's place, with its id and
 * what it was ordered, unless that one is connected; two machines of one name would take it from each other.
 *
 * @throws Failure join-refused, node-connected, csr-invalid
 */
export async function join(
  parts: AgentApiParts,
  { token, csr, name }: z.infer<typeof JoinRequest>,
  address: string,
): Promise<z.infer<typeof JoinReply>> {
  const { context, authority, auditor } = parts;
  const { store } = context;
  // Before anything is reckoned: who has no token costs next to nothing.
  const valid = await checkJoinToken(context, token);
  const proven = await provenKey(csr);
  const key = createHash('sha256').update(proven).digest('hex');
  const cluster = await store.clusters.get(valid.cluster);
  if (cluster === undefined) throw new Failure('join-refused', 'its cluster was removed');
  const { node, how } = await store.transaction((tables) => take(parts, tables, valid, { token, key, name }));
  const of = { node, cluster: valid.cluster };
  const { certificate, notAfter } = await certifyKey(context, authority, proven, of);
  await store.nodes.setCertificate(node, notAfter);
  store.bell.ring('node', node);
  await auditor.note({
    by: `node ${node}`,
    token: null,
    address,
    action: 'joinAgent',
    of: node,
    cluster: valid.cluster,
    outcome: 'allowed',
    details: { name, how, joinToken: valid.id },
  });
  return { ...of, clusterName: cluster.spec.name, certificate, ca: authority.certificate };
}

async function take(
  { context, gate }: AgentApiParts,
  tables: Tables,
  valid: StoredJoinToken,
  { token, key, name }: { readonly token: string; readonly key: string; readonly name: string },
): Promise<Joined> {
  const asked = `${valid.id}/${key}`;
  const before = await tables.replies.begin(joiners, asked, key, valid.expiresAt);
  const known = before?.reply?.body;
  if (known !== undefined && (await tables.nodes.get(known)) !== undefined)
    return { node: known, how: 'again' };
  const { cluster } = await redeemJoinToken(context, token, tables);
  const same = (await tables.nodes.ofCluster(cluster)).find((node) => node.name === name);
  const isThere = same !== undefined && (gate.connected(same) || isJustIssued(same, context.clock.now()));
  if (isThere)
    throw new Failure('node-connected', 'its agent was heard less than a minute ago', { node: name });
  const node = same?.id ?? newId('n', context.random);
  if (same === undefined) {
    const joinedAt = context.clock.now().toISOString();
    await tables.nodes.create({ id: node, cluster, name, joinedAt, certificateNotAfter: null });
  }
  await tables.replies.finish(joiners, asked, { status: 200, headers: {}, body: node }, valid.expiresAt);
  return { node, how: same === undefined ? 'new' : 'took-over' };
}

/** It may be about to be heard for the first time. */
function isJustIssued({ certificateNotAfter: ends }: StoredNode, now: Date): boolean {
  return ends !== null && now.getTime() - issuedAt(ends).getTime() < connectedMs;
}

/** In place of a user, in the table of replies that are given again. */
const joiners = 'agents';
