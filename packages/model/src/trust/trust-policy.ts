import { z } from 'zod';
import { KeyId } from './key-id.ts';

/** A key whose signatures count, and for which manifests. */
const TrustedKey = z
  .object({
    keyid: KeyId,
    /** Whose it is, in words. */
    name: z.string().min(1),
    /** It counts for manifests that say they were made at this time or later. */
    from: z.iso.datetime().optional(),
    /** It counts for manifests that say they were made before this time: the end of a key that was replaced in peace. */
    until: z.iso.datetime().optional(),
    /** It never counts, whatever time a manifest tells: who stole the key also chooses the time. */
    revokedAt: z.iso.datetime().optional(),
  })
  .refine(({ from, until }) => from === undefined || until === undefined || timeOf(from) < timeOf(until), {
    error: 'from must be before until',
  });
type TrustedKey = z.infer<typeof TrustedKey>;

/** Whose signatures count at a restore. `any` takes unsigned manifests too, but none whose signature does not fit. */
export const TrustPolicy = z.object({
  require: z.enum(['signed', 'any']),
  keys: z.array(TrustedKey).refine((keys) => new Set(keys.map(({ keyid }) => keyid)).size === keys.length, {
    error: 'a key may stand here once',
  }),
});
export type TrustPolicy = z.infer<typeof TrustPolicy>;

/** What is known of a manifest that is to be trusted or not. */
export interface TrustFacts {
  /** `v1`: stored plain as holdfast.dev/v1 does, which knows no signatures. */
  readonly form: 'signed-envelope' | 'v1';
  /** Ids of the keys whose signatures fit; the keys were had by another way than the repository. */
  readonly signedBy: readonly string[];
  /** Ids of known keys in whose name there is a signature that does not fit. */
  readonly broken: readonly string[];
  /** Ids that signatures bear, and that are of no known key. Nobody vouches for them. */
  readonly unknown: readonly string[];
  /** When the manifest says that its snapshot was taken, RFC 3339. The signer's word, and worth as much as the signer. */
  readonly capturedAt: string;
}

/** Whether a manifest may be restored from. */
export interface TrustDecision {
  readonly trusted: boolean;
  /** The keys whose signatures count, in the order of the policy; empty where the policy takes any manifest. */
  readonly by: readonly { readonly keyid: string; readonly name: string }[];
  /** One sentence without a full stop. */
  readonly why: string;
}

/**
 * Decides whether a manifest is trusted. One signature that counts is enough, and what else the envelope bears takes
 * nothing from it: anybody can add a signature that does not fit. Without one that counts, a signature that does not fit
 * shows that the manifest was changed, which no policy takes.
 */
export function decideTrust(policy: TrustPolicy, facts: TrustFacts): TrustDecision {
  const by = policy.keys
    .filter((key) => facts.signedBy.includes(key.keyid) && faultOf(key, facts.capturedAt) === undefined)
    .map(({ keyid, name }) => ({ keyid, name }));
  if (by.length > 0) {
    const names = `signed by ${by.map(({ name }) => name).join(' and ')}`;
    return { trusted: true, by, why: [names, ...brokenReasons(policy, facts)].join('; ') };
  }
  const reasons = reasonsAgainst(policy, facts).join('; ');
  if (policy.require === 'signed' || facts.broken.length > 0) return { trusted: false, by, why: reasons };
  return { trusted: true, by, why: `not proven: ${reasons}; the policy takes any manifest` };
}

/** Why no signature counts; never empty. */
function reasonsAgainst(policy: TrustPolicy, facts: TrustFacts): string[] {
  if (facts.form === 'v1') return ['it is a manifest of holdfast.dev/v1, which has no signatures'];
  const reasons = [
    ...brokenReasons(policy, facts),
    ...facts.signedBy.map((keyid) => {
      const key = policy.keys.find((each) => each.keyid === keyid);
      const fault = key && faultOf(key, facts.capturedAt);
      return key === undefined ? stranger(keyid) : `the key ${key.name} ${fault}`;
    }),
    ...facts.unknown.map(stranger),
  ];
  return reasons.length > 0 ? reasons : ['it has no signature'];
}

function brokenReasons(policy: TrustPolicy, facts: TrustFacts): string[] {
  return facts.broken.map((keyid) => {
    const name = policy.keys.find((each) => each.keyid === keyid)?.name ?? keyid;
    return `the signature in the name of ${name} does not fit: the manifest was changed, or that key never signed it`;
  });
}

function stranger(keyid: string): string {
  return `the key ${keyid} is not one of the trusted ones`;
}

/** Why a key does not count for a manifest of that time, as the end of a sentence about it; undefined: it counts. */
function faultOf(key: TrustedKey, capturedAt: string): string | undefined {
  if (key.revokedAt !== undefined) return `was revoked at ${key.revokedAt}, and counts for no time`;
  const at = timeOf(capturedAt);
  if (Number.isNaN(at)) return 'cannot be judged, for the manifest tells no time';
  if (key.from !== undefined && at < timeOf(key.from))
    return `counts from ${key.from} on, and the manifest says ${capturedAt}`;
  if (key.until !== undefined && at >= timeOf(key.until))
    return `counts before ${key.until} only, and the manifest says ${capturedAt}`;
  return undefined;
}

function timeOf(time: string): number {
  return Date.parse(time);
}
