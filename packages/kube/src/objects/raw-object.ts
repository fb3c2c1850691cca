import { fieldAt } from './protobuf-field.ts';

/** `k8s` and a NUL; a message `runtime.Unknown` follows, whose field 2 is the object. */
const magicLength = 4;
const rawField = 2;

/** The object in a value that is stored as protobuf, or the last field of it that a path of ids leads to. */
export function rawObject(value: Uint8Array, path: readonly number[] = []): Uint8Array | undefined {
  return fieldAt(value.subarray(magicLength), [rawField, ...path]);
}
