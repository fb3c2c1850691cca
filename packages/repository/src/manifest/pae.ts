/** What every manifest's envelope says that it holds. It is signed with the manifest. */
export const payloadType = 'application/vnd.holdfast.manifest+json';

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
