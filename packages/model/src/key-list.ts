import { z } from 'zod';
import { KeyId, type TrustPolicy } from './trust/index.ts';

/** What a person calls a key: one line. */
const KeyName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}]*$/u);

/** An X25519 key of age, `age1…`; whether it is one that can be sealed for shows only in use. */
const Recipient = z.string().regex(/^age1[02-9ac-hj-np-z]{58}$/);

/** A key that signs here. It stays in the list when it counts no more, so that what it signed can be judged. */
const Signer = z.object({
  keyid: KeyId,
  /** SubjectPublicKeyInfo in PEM. */
  publicKey: z.string(),
  name: KeyName,
  /** `writer` signs snapshots; `admin` key lists too, which say who can read all that is to come. */
  role: z.enum(['admin', 'writer']),
  addedAt: z.iso.datetime(),
  /** It counts for manifests made before: the end of a key that was replaced in peace. It signs no key list any more. */
  until: z.iso.datetime().optional(),
  /** It counts for nothing any more: somebody else may have had it. */
  revokedAt: z.iso.datetime().optional(),
});

/** A secret key that lies in the repository, sealed. */
const StoredSecret = z.object({
  /** Its public key. */
  recipient: Recipient,
  /** The end of the name is the first half of the SHA-256 of its bytes, so that the list vouches for it. */
  object: z.string().regex(/^keys\/secret-[0-9a-f]{32}\.age$/),
  /** What opens it. */
  sealedFor: z.union([z.literal('passphrase'), z.array(Recipient).min(1)]),
});
export type StoredSecret = z.infer<typeof StoredSecret>;

/** Whom to seal for in a repository, and whose signatures count. Each change is a new list, which follows the one before. */
export const KeyList = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('KeyList'),
  /** The repository's id: the list counts in no other. */
  repository: z.uuid(),
  /** From 1, without holes. */
  sequence: z.int().min(1).max(999_999),
  /** SHA-256 of the stored bytes of the list before; null for the first. */
  previous: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  at: z.iso.datetime(),
  /** Each can open what is sealed from now on; without one nothing is sealed. */
  recipients: z
    .array(z.object({ key: Recipient, name: KeyName, addedAt: z.iso.datetime() }))
    .refine((all) => areUnique(all.map(({ key }) => key)), { error: 'a key may stand here once' }),
  /** Without one nothing is signed. */
  signers: z.array(Signer).refine((all) => areUnique(all.map(({ keyid }) => keyid)), {
    error: 'a key may stand here once',
  }),
  /** Some may stand here several times, sealed for others each time. */
  secrets: z.array(StoredSecret),
});
export type KeyList = z.infer<typeof KeyList>;

/** A stored list, with the SHA-256 of its bytes in hexadecimal. */
export interface StoredKeyList {
  readonly list: KeyList;
  readonly sha256: string;
}

/** The keys that may sign the list after this one; without one anybody may write it who may write to the repository. */
export function adminsOf(list: KeyList): KeyList['signers'] {
  return list.signers.filter((each) => each.role === 'admin' && countsNow(each));
}

/** Whether a key may sign what is written now. */
export function countsNow({ until, revokedAt }: KeyList['signers'][number]): boolean {
  return until === undefined && revokedAt === undefined;
}

/**
 * Whose signatures of manifests count, by a list and by the reader. Where the list has an admin, manifests must be signed,
 * unless the reader says otherwise.
 *
 * @param strangers keys that the reader trusts and that the list does not name
 */
export function policyOf(
  list: KeyList,
  strangers: readonly { readonly keyid: string; readonly comment: string | null }[],
  require?: TrustPolicy['require'],
): TrustPolicy {
  const listed = list.signers.map(({ keyid, name, until, revokedAt }) => ({
    keyid,
    name,
    ...(until !== undefined && { until }),
    ...(revokedAt !== undefined && { revokedAt }),
  }));
  return {
    require: require ?? (adminsOf(list).length > 0 ? 'signed' : 'any'),
    keys: [...listed, ...strangers.map(({ keyid, comment }) => ({ keyid, name: comment ?? keyid }))],
  };
}

/**
 * Why a list may not stand where it stands: a sentence without a full stop; undefined when all is well.
 *
 * The first is signed by an admin of its own, each further one by an admin of the one before. Where there is none, any
 * list may follow that is signed by an admin of its own, or has none either.
 *
 * @param signedBy ids of the keys of this list and of the one before whose signatures fit
 */
export function successionFault(
  repository: string,
  before: StoredKeyList | undefined,
  list: KeyList,
  signedBy: readonly string[],
): string | undefined {
  if (list.repository !== repository) return `it is of repository ${list.repository}`;
  const sequence = (before?.list.sequence ?? 0) + 1;
  if (list.sequence !== sequence) return `it says that it is number ${list.sequence}, not ${sequence}`;
  if (list.previous !== (before?.sha256 ?? null)) return 'it follows another list than the one before it';
  if (before !== undefined && Date.parse(list.at) < Date.parse(before.list.at))
    return `it says ${list.at}, and the list before it ${before.list.at}`;
  const [askedOf, admins] =
    before !== undefined && adminsOf(before.list).length > 0
      ? ['the list before it', adminsOf(before.list)]
      : ['its own', adminsOf(list)];
  if (admins.length === 0 || admins.some(({ keyid }) => signedBy.includes(keyid))) return undefined;
  return `no admin of ${askedOf} has signed it`;
}

function areUnique(all: readonly string[]): boolean {
  return new Set(all).size === all.length;
}
