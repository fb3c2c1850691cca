/** What an envelope of a KMS plugin tells without the plugin. */
export interface KmsHeader {
  /** Which key of the KMS encrypted the data key; only v2 tells it. */
  readonly keyId: string | null;
}

const keyIdField = 2;
/** Bytes of a key id: apiserver takes no longer one. */
const keyIdBytes = 1024;

/**
 * Reads the payload of `k8s:enc:kms:v2:<plugin>:`, the protobuf message EncryptedObject of k8s.io/apiserver:
 * 1 encryptedData, 2 keyID, 3 encryptedDEKSource, 4 annotations, 5 encryptedDEKSourceType. Undefined when it is not one.
 */
export function readKmsV2(payload: Uint8Array): KmsHeader | undefined {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  let keyId: string | undefined;
  let at = 0;
  const varint = (): number | undefined => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < bytes.length) {
    const tag = varint();
    const given = varint();
    if (tag === undefined || given === undefined) return undefined;
    const wire = tag & 7;
    if (wire === 0) continue;
    if (wire !== 2 || at + given > bytes.length) return undefined;
    if (tag >> 3 === keyIdField && given <= keyIdBytes) keyId = bytes.toString('utf8', at, at + given);
    at += given;
  }
  return keyId === undefined ? undefined : { keyId };
}

/** Reads the payload of `k8s:enc:kms:v1:<plugin>:`: a 16-bit length, the encrypted data key, the data. */
export function readKmsV1(payload: Uint8Array): KmsHeader | undefined {
  const length = payload.length < 2 ? 0 : payload[0]! * 256 + payload[1]!;
  return length > 0 && payload.length > 2 + length ? { keyId: null } : undefined;
}
