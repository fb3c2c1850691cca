const letters = '0123456789abcdefghijkmnpqrstvwxyz';

/**
 * A new id of the fleet, as `c-7f3kq2m8xw`.
 *
 * @param kind `c`, `n`, `op`, `o`, `u`, `t`, `r`, `j`: of what
 * @param random bytes that nobody can foretell
 */
export function newId(kind: string, random: (bytes: number) => Uint8Array): string {
  return `${kind}-${Array.from(random(10), (byte) => letters[byte % letters.length]).join('')}`;
}
