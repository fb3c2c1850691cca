import { moduleBase64 } from './crc32c.gen.ts';
import { shiftCrc32c } from './combine.ts';
import { plainCrc32c } from './plain.ts';
import { slicingTables } from './table.ts';

/** Bytes that can be filled and hashed in place: WebAssembly memory, so that a page is read where it is hashed. */
export interface CrcArena {
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** The CRC-32C of `[from, to)` of `bytes`, continuing from `seed`. */
  crc(from: number, to: number, seed: number): number;
}

/** As crc32c.wat has it. */
const stretch = 168;
const slicingEntries = 8 * 256;
/** WebAssembly's unit of memory; the first one holds the tables. */
const unit = 65_536;

type Crc = (at: number, length: number, seed: number) => number;

/** The few words of WebAssembly that are used here: TypeScript has them only among a browser's. */
interface WebAssemblyWords {
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
}
declare const WebAssembly: WebAssemblyWords;

let compiled: object | null | undefined;
let tables: Uint32Array | undefined;

/** The module, or null where this Node cannot compile one (as under --jitless). */
function wasmModule(): object | null {
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(Buffer.from(moduleBase64, 'base64'));
    } catch {
      compiled = null;
    }
  }
  return compiled;
}

/** Makes an arena of at least `size` bytes; in plain JavaScript when there is no WebAssembly or `plain` is asked for. */
export function crcArena(size: number, plain = false): CrcArena {
  const module = plain ? null : wasmModule();
  if (module === null) {
    const bytes = new Uint8Array(size);
    return { bytes, crc: (from, to, seed) => plainCrc32c(bytes, from, to, seed) };
  }
  const memory = new WebAssembly.Memory({ initial: 1 + Math.ceil(size / unit) });
  new Uint32Array(memory.buffer).set((tables ??= makeTables()));
  const instance = new WebAssembly.Instance(module, { holdfast: { memory } });
  const crc = instance.exports['crc32c'] as Crc;
  return {
    bytes: new Uint8Array(memory.buffer, unit),
    crc: (from, to, seed) => crc(unit + from, to - from, seed) >>> 0,
  };
}

function makeTables(): Uint32Array {
  const made = new Uint32Array(slicingEntries + 4 * 256);
  made.set(slicingTables());
  for (let i = slicingEntries; i < made.length; i++)
    made[i] = shiftCrc32c((i & 0xff) << (8 * ((i - slicingEntries) >>> 8)), stretch);
  return made;
}
