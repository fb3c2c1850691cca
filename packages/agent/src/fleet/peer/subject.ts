import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';

/** Whom a certificate of the fleet names: `CN=<node>, O=<cluster>`. */
export interface NodeName {
  readonly node: string;
  readonly cluster: string;
}

/** Undefined where it names no node of a fleet, as the server's does not. */
export function nodeNamed(certificate: PeerCertificate | DetailedPeerCertificate): NodeName | undefined {
  if (!Buffer.isBuffer(certificate.raw)) return undefined;
  const lines = new X509Certificate(certificate.raw).subject.split('\n');
  const all = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  const [nodes, clusters] = [all('CN'), all('O')];
  const [node, cluster] = [nodes[0], clusters[0]];
  if (node === undefined || cluster === undefined || nodes.length > 1 || clusters.length > 1)
    return undefined;
  return { node, cluster };
}
