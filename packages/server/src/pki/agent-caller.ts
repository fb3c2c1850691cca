import type { TLSSocket } from 'node:tls';
import type { X509Certificate } from 'node:crypto';
import { Failure, type Clock } from '@holdfast/base';
import { ClusterId, NodeId } from '@holdfast/model/fleet';
import type { AgentCaller } from '../auth/caller.ts';
import type { Authority } from './authority.ts';

/** The object identifier of client authentication (RFC 5280, 4.2.1.12). */
const clientAuth = '1.3.6.1.5.5.7.3.2';

/** What a connection has shown; looked at once, but for its time. */
interface Shown {
  readonly node: string;
  readonly cluster: string;
  readonly from: number;
  readonly until: number;
}

const known = new WeakMap<TLSSocket, Shown>();

/**
 * Which node an agent is, by its client certificate: of this CA and no other, in date, for clients, with the names that
 * agents are given. That the node was removed since is not seen here.
 *
 * @param socket of a server made by serverTls
 * @throws Failure not-authenticated
 */
export function agentCaller(
  { clock, authority }: { readonly clock: Clock; readonly authority: Authority },
  socket: TLSSocket,
  address: string,
): AgentCaller {
  const shown = known.get(socket) ?? look(socket.getPeerX509Certificate?.(), authority);
  known.set(socket, shown);
  const now = clock.now().getTime();
  if (now < shown.from || now > shown.until)
    throw new Failure('not-authenticated', 'the certificate of this agent is not in date');
  return { node: shown.node, cluster: shown.cluster, address };
}

function look(certificate: X509Certificate | undefined, { parsed: ca }: Authority): Shown {
  if (certificate === undefined)
    throw new Failure('not-authenticated', 'the connection shows no client certificate');
  if (!certificate.checkIssued(ca) || !certificate.verify(ca.publicKey))
    throw new Failure('not-authenticated', 'the client certificate is not of this fleet');
  const [, cluster = '', node = ''] =
    /^DNS:\S+\.node\.holdfast, URI:holdfast:cluster:([^:,]+):node:([^:,]+)$/.exec(
      certificate.subjectAltName ?? '',
    ) ?? [];
  const isAgent =
    certificate.keyUsage.includes(clientAuth) &&
    NodeId.safeParse(node).success &&
    ClusterId.safeParse(cluster).success &&
    certificate.subjectAltName?.startsWith(`DNS:${node}.node.holdfast,`);
  if (!isAgent) throw new Failure('not-authenticated', 'the client certificate is not one of an agent');
  return {
    node,
    cluster,
    from: certificate.validFromDate.getTime(),
    until: certificate.validToDate.getTime(),
  };
}
