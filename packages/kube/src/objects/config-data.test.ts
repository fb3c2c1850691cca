import { expect, it } from 'vitest';
import { configDataOf } from './config-data.ts';

function message(...fields: readonly (readonly [number, Uint8Array | string])[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([id, content]) => {
      const bytes = Buffer.from(content);
      return [Buffer.from([id * 8 + 2, bytes.length]), bytes];
    }),
  );
}
const stored = (kind: string, raw: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from('k8s\0'), message([1, message([1, 'v1'], [2, kind])], [2, raw])]);
const object = message(
  [1, message([1, 'name'], [5, 'uid'])],
  [2, message([1, 'b'], [2, 'two'])],
  [2, message([1, 'a'])],
  [2, message([1, 'c'], [2, 'three'])],
);

it('every entry of a ConfigMap and of a Secret is read from protobuf and JSON', () => {
  const data = { b: 'two', a: '', c: 'three' };
  expect(Object.fromEntries(configDataOf(stored('ConfigMap', object)) ?? [])).toEqual(data);
  expect(Object.fromEntries(configDataOf(stored('Secret', object)) ?? [])).toEqual(data);
  const json = Buffer.from(JSON.stringify({ kind: 'ConfigMap', data }));
  expect(Object.fromEntries(configDataOf(json) ?? [])).toEqual(data);
  const secret = Buffer.from(JSON.stringify({ kind: 'Secret', data: { b: 'dHdv' } }));
  expect(Object.fromEntries(configDataOf(secret) ?? [])).toEqual({ b: 'two' });
});

it.each<[string, Uint8Array, number | undefined]>([
  ['that is encrypted', Buffer.from('k8s:enc:aescbc:v1:key1:0123456789'), undefined],
  ['that is cut', stored('ConfigMap', object).subarray(0, 40), undefined],
  ['that is JSON and breaks off', Buffer.from('{"kind":"ConfigMap","data":{'), undefined],
  ['without data', stored('ConfigMap', message([1, message([1, 'name'])])), 0],
  ['without data in JSON', Buffer.from('{"kind":"ConfigMap"}'), 0],
])('of a value %s nothing is read', (_, value, size) => {
  expect(configDataOf(value)?.size).toBe(size);
});
