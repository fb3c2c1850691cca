/**
 * A token of K3s or RKE2 for servers. Its texts never go into a message.
 * Forms (k3s-io/k3s, clientaccess): `K10<hash of the CA>::server:<password>`, `K10::server:<password>` or the bare password.
 */
export interface ServerToken {
  /** What bootstrap data is found and encrypted with. */
  readonly password: string;
  /** The token as written; releases of 2021 and before used all of it. */
  readonly whole: string;
  /** SHA-256 of the cluster's CA in hexadecimal, when the token tells it. */
  readonly caHash: string | null;
}

/** A token, or why it is none for servers. */
export type ReadToken =
  | { readonly token: ServerToken; readonly refused?: never }
  | { readonly token?: never; readonly refused: string };

const prefix = 'K10';
const hashLength = 64;
/** The ids and secrets of kubeadm, with which nodes join and no server. */
const joinToken = /^[a-z0-9]{6}\.[a-z0-9]{16}$/;

/** Reads a token as a file holds it: line ends at its end do not belong to it. */
export function readServerToken(content: Uint8Array | string): ReadToken {
  const text = typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
  const whole = text.replace(/\n+$/, '');
  if (whole === '') return { refused: 'it is empty' };
  if (!whole.startsWith(prefix))
    return joinToken.test(whole)
      ? { refused: agentsOnly }
      : { token: { password: whole, whole, caHash: null } };
  const rest = whole.slice(prefix.length);
  const cut = rest.indexOf('::');
  const caHash = cut === -1 ? '' : rest.slice(0, cut);
  if (caHash !== '' && caHash.length !== hashLength) return { refused: 'the hash of its CA is cut' };
  const credentials = cut === -1 ? rest : rest.slice(cut + 2);
  if (joinToken.test(credentials)) return { refused: agentsOnly };
  const colon = credentials.indexOf(':');
  const password = credentials.slice(colon + 1);
  if (colon === -1 || password === '') return { refused: 'it has no password' };
  if (credentials.slice(0, colon) === 'node') return { refused: agentsOnly };
  return { token: { password, whole, caHash: caHash === '' ? null : caHash.toLowerCase() } };
}

const agentsOnly = 'it is for agents, and only the token for servers opens bootstrap data';
