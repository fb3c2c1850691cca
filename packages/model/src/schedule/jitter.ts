/**
 * By how much a policy's runs are put off on a node, in milliseconds: whole seconds from 0 to `jitterSeconds`, always
 * the same for the same policy on the same node, so that nodes which share a schedule do not begin at one second.
 */
export function jitterMs(policy: string, node: string, jitterSeconds: number): number {
  return (hash(`${policy}\n${node}`) % (jitterSeconds + 1)) * 1000;
}

/** FNV-1a of the UTF-16 units, 32 bits, with the last mixing of MurmurHash3: short names differ in the low bits too. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
