/** What an envelope says that it holds. It is signed too, so that no signature can be taken for one of the other kind. */
export const payloadTypes = {
  manifest: 'application/vnd.holdfast.manifest+json',
  'key list': 'application/vnd.holdfast.key-list+json',
  removal: 'application/vnd.holdfast.removal+json',
  evidence: 'application/vnd.holdfast.evidence+json',
} as const;
export type SignedKind = keyof typeof payloadTypes;

/**
 * The bytes that are signed: DSSE's pre-authentication encoding, version 1. The lengths are of bytes, in decimal.
 *
 * @see https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md
 */
export function preAuthenticationEncoding(type: string, payload: Uint8Array): Buffer {
  const typeBytes = Buffer.from(type, 'utf8');
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${typeBytes.length} `),
    typeBytes,
    Buffer.from(` ${payload.length} `),
    payload,
  ]);
}
