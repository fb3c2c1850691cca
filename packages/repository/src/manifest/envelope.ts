import { Failure, limits } from '@holdfast/base';
import { KeyId } from '@holdfast/model';
import { encodeRecord } from '../record.ts';
import { payloadTypes, preAuthenticationEncoding, type SignedKind } from './pae.ts';
import type { SigningKey } from './signing-key.ts';
import type { VerifyingKey } from './verifying-key.ts';

/** A manifest, or a record that is signed like one, with the signatures that stand beside it, none of them checked yet. */
export interface Envelope {
  /** The record's exact bytes: JSON as `encodeRecord` spells it. */
  readonly payload: Buffer;
  /** Sorted by key id, each there once; the bytes of a signature are 64. */
  readonly signatures: readonly { readonly keyid: string; readonly sig: Buffer }[];
}

/** Which signatures of an envelope fit, by ids of keys; each id stands in one of the three. */
export interface Signers {
  /** Known keys whose signature fits. */
  readonly signedBy: string[];
  /** Known keys whose signature does not fit. */
  readonly broken: string[];
  /** Ids that are of no known key; whether their signatures fit cannot be told. */
  readonly unknown: string[];
}

/**
 * The bytes in which a manifest is stored: one envelope of DSSE, which one write puts into the repository. The same for
 * the same manifest and keys, in any order.
 *
 * How it is checked without Holdfast stands in docs/format.md, section "Signed manifests".
 *
 * @param manifest JSON as `encodeRecord` spells it
 * @param keys those that sign, at most `limits.manifestSignatures`; without one the manifest is unsigned
 * @param kind what it is, if no manifest
 * @throws RangeError when that cannot be opened again: too large, too many keys, or spelled in another way
 * @see https://github.com/secure-systems-lab/dsse/blob/v1.0.0/envelope.md
 */
export function signManifest(
  manifest: Uint8Array,
  keys: readonly SigningKey[],
  kind: SignedKind = 'manifest',
): Buffer {
  const signed = preAuthenticationEncoding(payloadTypes[kind], manifest);
  const signatures = new Map(keys.map((key) => [key.publicKey.keyid, key.sign(signed)]));
  const envelope = {
    payload: Buffer.from(manifest),
    signatures: [...signatures].map(([keyid, sig]) => ({ keyid, sig })).sort(byKeyId),
  };
  const bytes = encode(envelope, payloadTypes[kind]);
  const fault = openOrFault(bytes, payloadTypes[kind]);
  if (typeof fault === 'string') throw new RangeError(`this ${kind} cannot be signed: ${fault}`);
  return bytes;
}

/**
 * Takes an envelope apart. It must stand there exactly as {@link signManifest} writes it: no byte of it, JSON's white
 * space and base64's spare bits included, can be changed unnoticed, and no two readers take it for different things.
 * (DSSE itself allows other spellings; other writers of manifests do not exist.)
 *
 * @param path of the object in messages
 * @param kind what it has to be, if no manifest
 * @throws manifest-damaged
 */
export function openManifest(bytes: Uint8Array, path: string, kind: SignedKind = 'manifest'): Envelope {
  const opened = openOrFault(bytes, payloadTypes[kind]);
  if (typeof opened === 'string') throw new Failure('manifest-damaged', opened, { path });
  return opened;
}

/**
 * Tells whose signatures fit. The ids in an envelope are hints, which say only with which key to try: what counts is the
 * key that a signature fits.
 */
export function verifyManifest(
  envelope: Envelope,
  keys: readonly VerifyingKey[],
  kind: SignedKind = 'manifest',
): Signers {
  const signed = preAuthenticationEncoding(payloadTypes[kind], envelope.payload);
  const signers: Signers = { signedBy: [], broken: [], unknown: [] };
  for (const { keyid, sig } of envelope.signatures) {
    const key = keys.find((each) => each.keyid === keyid);
    const into = key === undefined ? 'unknown' : key.verifies(signed, sig) ? 'signedBy' : 'broken';
    signers[into].push(keyid);
  }
  return signers;
}

function encode({ payload, signatures }: Envelope, payloadType: string): Buffer {
  return encodeRecord({
    payloadType,
    payload: payload.toString('base64'),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: sig.toString('base64') })),
  });
}

function byKeyId(a: { readonly keyid: string }, b: { readonly keyid: string }): number {
  return a.keyid < b.keyid ? -1 : 1;
}

function openOrFault(bytes: Uint8Array, payloadType: string): Envelope | string {
  if (bytes.length > limits.recordBytes) return `it has ${bytes.length} bytes`;
  const value = parse(bytes);
  if (!isObject(value)) return 'it is not a JSON object';
  if (value['payloadType'] !== payloadType) {
    const { payloadType: type } = value;
    return `it is of type ${typeof type === 'string' ? JSON.stringify(type.slice(0, 100)) : 'none'}, not "${payloadType}"`;
  }
  if (typeof value['payload'] !== 'string') return 'it has no payload';
  const signatures = signaturesOf(value['signatures']);
  if (typeof signatures === 'string') return signatures;
  const envelope = { payload: Buffer.from(value['payload'], 'base64'), signatures };
  if (!encode(envelope, payloadType).equals(bytes)) return 'it is not spelled as Holdfast writes it';
  const manifest = parse(envelope.payload);
  if (!isObject(manifest)) return 'its payload is not a JSON object';
  return isSpelledSo(manifest, envelope.payload)
    ? envelope
    : 'its payload is not spelled as Holdfast writes it';
}

function isSpelledSo(record: object, bytes: Buffer): boolean {
  try {
    return encodeRecord(record).equals(bytes);
  } catch {
    // Deeper than can be written: it is read without recursion, and written with.
    return false;
  }
}

function signaturesOf(value: unknown): Envelope['signatures'] | string {
  if (!Array.isArray(value)) return 'it has no list of signatures';
  if (value.length > limits.manifestSignatures) return `it has ${value.length} signatures`;
  const signatures: Envelope['signatures'][number][] = [];
  for (const each of value as unknown[]) {
    const { keyid, sig } = isObject(each) ? each : {};
    if (typeof keyid !== 'string' || typeof sig !== 'string') return 'a signature lacks its keyid or sig';
    if (!KeyId.safeParse(keyid).success) return 'a signature has a keyid that is none';
    const before = signatures.at(-1);
    if (before !== undefined && before.keyid >= keyid)
      return 'its signatures are not sorted by keyid, each once';
    const read = { keyid, sig: Buffer.from(sig, 'base64') };
    if (read.sig.length !== 64) return `a signature has ${read.sig.length} bytes`;
    signatures.push(read);
  }
  return signatures;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
