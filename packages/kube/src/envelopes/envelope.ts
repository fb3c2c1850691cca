/** How a plain value is written; `other` are bookkeeping values, as of `compact_rev_key`. */
export type PlainForm = 'protobuf' | 'json' | 'cbor' | 'other';

/** Which provider of an EncryptionConfiguration wrote a value; `unknown` is one that this version does not know. */
export type Encryption = 'aescbc' | 'aesgcm' | 'secretbox' | 'kms-v1' | 'kms-v2' | 'unknown';

/** What the first bytes of a stored value say. */
export interface Envelope {
  readonly form: PlainForm | Encryption;
  /** Of an encrypted value: the name of its key, or of its KMS plugin; empty when it cannot be read. */
  readonly keyName: string | null;
  /** Where the payload begins. */
  readonly payloadAt: number;
}

const marker = Buffer.from('k8s:enc:');
const protobuf = Buffer.from('k8s\0');
const selfDescribedCbor = Buffer.from([0xd9, 0xd9, 0xf7]);

/** The text before the name of the key. */
export const envelopePrefixes: Readonly<Record<Exclude<Encryption, 'unknown'>, string>> = {
  aescbc: 'k8s:enc:aescbc:v1:',
  aesgcm: 'k8s:enc:aesgcm:v1:',
  secretbox: 'k8s:enc:secretbox:v1:',
  'kms-v1': 'k8s:enc:kms:v1:',
  'kms-v2': 'k8s:enc:kms:v2:',
};

const known = Object.entries(envelopePrefixes).map(([form, prefix]) => ({
  form: form as Exclude<Encryption, 'unknown'>,
  prefix: Buffer.from(prefix),
}));

/** Bytes of a key's name; a longer one is garbage. */
const nameBytes = 512;
const colon = 0x3a;

/** Reads the envelope of a value as etcd holds it. Never throws. */
export function readEnvelope(value: Uint8Array): Envelope {
  if (!startsWith(value, marker)) return { form: plainForm(value), keyName: null, payloadAt: 0 };
  const found = known.find(({ prefix }) => startsWith(value, prefix));
  if (found === undefined) return { form: 'unknown', keyName: '', payloadAt: marker.length };
  const start = found.prefix.length;
  const end = value.subarray(start, start + nameBytes + 1).indexOf(colon);
  if (end === -1) return { form: 'unknown', keyName: '', payloadAt: start };
  const keyName = Buffer.from(value.subarray(start, start + end)).toString('utf8');
  return { form: found.form, keyName, payloadAt: start + end + 1 };
}

/** How a value is written that is not encrypted, by its first bytes. */
export function plainForm(value: Uint8Array): PlainForm {
  if (startsWith(value, protobuf)) return 'protobuf';
  if (startsWith(value, selfDescribedCbor)) return 'cbor';
  return value[0] === 0x7b ? 'json' : 'other';
}

/** Whether a form is one that needs a key to be read. */
export function isEncryption(form: PlainForm | Encryption): form is Encryption {
  return form !== 'protobuf' && form !== 'json' && form !== 'cbor' && form !== 'other';
}

function startsWith(value: Uint8Array, prefix: Buffer): boolean {
  for (let at = 0; at < prefix.length; at += 1) if (value[at] !== prefix[at]) return false;
  return true;
}
