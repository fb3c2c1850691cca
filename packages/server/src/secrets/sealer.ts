/**
 * Seals what the store keeps of secrets, with a key that is not in the store: AES-256-GCM, `of` (what it belongs to, as
 * `repository/main`) as additional data, so that nothing can be put in another's place.
 */
export interface Sealer {
  seal(of: string, plain: Uint8Array): Uint8Array;
  /** @throws Failure secret-unreadable: another key, or damaged */
  open(of: string, sealed: Uint8Array): Uint8Array;
  /**
   * A hash (HMAC-SHA-256, hexadecimal) by the same key, of what may hold a secret that could be guessed: the same for the
   * same, and of no use without the key.
   */
  mark(of: string, plain: string): string;
}
