import { plainForm } from '../envelopes/envelope.ts';
import { fieldAt, lengthFields } from './protobuf-field.ts';
import { rawObject } from './raw-object.ts';

/** Field 2 of both ConfigMap and Secret; each entry has its key as field 1 and its value as field 2. */
const dataField = 2;

/**
 * The `data` of a ConfigMap or a Secret as etcd holds it (k8s.io/api core/v1, generated.proto), opened where JSON has it in
 * base64; undefined where the value is encrypted or damaged. Never throws.
 */
export function configDataOf(value: Uint8Array): ReadonlyMap<string, string> | undefined {
  const form = plainForm(value);
  if (form === 'json') return dataInJson(value);
  if (form !== 'protobuf') return undefined;
  const object = rawObject(value);
  const entries = object === undefined ? undefined : lengthFields(object, dataField);
  return entries && new Map(entries.map((entry) => [textOf(entry, 1), textOf(entry, 2)]));
}

function textOf(entry: Uint8Array, id: number): string {
  return Buffer.from(fieldAt(entry, [id]) ?? []).toString();
}

function dataInJson(value: Uint8Array): ReadonlyMap<string, string> | undefined {
  try {
    const { kind, data } = JSON.parse(Buffer.from(value).toString()) as { kind?: unknown; data?: unknown };
    const opened = (text: unknown): string =>
      kind === 'Secret' ? Buffer.from(String(text), 'base64').toString() : String(text);
    return new Map(Object.entries(data ?? {}).map(([key, text]) => [key, opened(text)]));
  } catch {
    return undefined;
  }
}
