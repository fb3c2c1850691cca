import { plainForm } from '../envelopes/envelope.ts';
import { rawObject } from './raw-object.ts';

/** A text of an object: by names in JSON, and by field numbers in protobuf. */
interface TextPlace {
  readonly json: readonly string[];
  readonly protobuf: readonly number[];
}

/** The UID of any object (k8s.io/apimachinery, generated.proto: metadata 1, uid 5). */
const uid: TextPlace = { json: ['metadata', 'uid'], protobuf: [1, 5] };
/** The version of a Node's kubelet, as v1.34.1 (k8s.io/api core/v1: status 3, nodeInfo 7, kubeletVersion 7). */
const kubeletVersion: TextPlace = {
  json: ['status', 'nodeInfo', 'kubeletVersion'],
  protobuf: [3, 7, 7],
};

/** Bytes of a text that is asked for here; a longer one is none of them. */
const longestText = 256;

/** The UID of an object as etcd holds it; undefined where it is encrypted, damaged, or has none. */
export function uidOf(value: Uint8Array): string | undefined {
  return textAt(value, uid);
}

/** The version of the kubelet of a Node as etcd holds it; undefined where it is encrypted, damaged, or has none. */
export function kubeletVersionOf(value: Uint8Array): string | undefined {
  return textAt(value, kubeletVersion);
}

function textAt(value: Uint8Array, { json, protobuf }: TextPlace): string | undefined {
  const form = plainForm(value);
  const text =
    form === 'protobuf'
      ? textOf(rawObject(value, protobuf))
      : form === 'json'
        ? textInJson(value, json)
        : undefined;
  return text === undefined || text === '' || text.length > longestText ? undefined : text;
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined || bytes.length > longestText ? undefined : Buffer.from(bytes).toString();
}

function textInJson(value: Uint8Array, path: readonly string[]): string | undefined {
  let inside: unknown;
  try {
    inside = JSON.parse(Buffer.from(value).toString());
  } catch {
    return undefined;
  }
  for (const name of path) {
    if (typeof inside !== 'object' || inside === null) return undefined;
    inside = (inside as Record<string, unknown>)[name];
  }
  return typeof inside === 'string' ? inside : undefined;
}
