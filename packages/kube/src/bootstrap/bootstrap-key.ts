import { createHash } from 'node:crypto';
import type { ServerToken } from './token.ts';

/** Where K3s and RKE2 keep the cluster's CAs and keys in etcd: this and 12 digits of a hash of the token. */
export const bootstrapPrefix = '/bootstrap/';

/** A password that a bootstrap key could be made of, and why. */
export interface BootstrapPassword {
  readonly password: string;
  /** `current`: what today's releases use. `whole-token`, `empty`: releases of 2021 and before, moved at the next start. */
  readonly kind: 'current' | 'whole-token' | 'empty';
}

/** The etcd key of bootstrap data that was saved with this password: SHA-256 in hexadecimal, cut to 12 digits. */
export function bootstrapKey(password: string): string {
  return bootstrapPrefix + createHash('sha256').update(password).digest('hex').slice(0, 12);
}

/** The password of a token with which a bootstrap key was made, or undefined when it was another token. */
export function passwordOfKey(
  key: string,
  { password, whole }: Pick<ServerToken, 'password' | 'whole'>,
): BootstrapPassword | undefined {
  const candidates: readonly BootstrapPassword[] = [
    { password, kind: 'current' },
    { password: whole, kind: 'whole-token' },
    { password: '', kind: 'empty' },
  ];
  return candidates.find((each) => bootstrapKey(each.password) === key);
}
