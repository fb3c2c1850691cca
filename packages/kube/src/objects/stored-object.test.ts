import { kubeSystemUid, namespaceObjects } from '@holdfast/test-servers';
import { expect, it } from 'vitest';
import { kubeletVersionOf, uidOf } from './stored-object.ts';

const uid = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';
const namespace = namespaceObjects(7).find(({ key }) => key === '/registry/namespaces/kube-system')!.value;

/** A protobuf message of fields with lengths. */
function message(...fields: readonly (readonly [number, Uint8Array | string])[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([id, content]) => {
      const bytes = Buffer.from(content);
      return [Buffer.from([id * 8 + 2, bytes.length]), bytes];
    }),
  );
}
const stored = (raw: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from('k8s\0'), message([1, message([1, 'v1'], [2, 'Node'])], [2, raw])]);

it('the UID of a Namespace is read from protobuf and JSON', () => {
  expect(uidOf(namespace)).toBe(kubeSystemUid(7));
  expect(uidOf(Buffer.from(JSON.stringify({ kind: 'Namespace', metadata: { uid } })))).toBe(uid);
});

it('the version of a kubelet is read from a Node', () => {
  const nodeInfo = message([1, 'machine'], [6, 'containerd://2.1'], [7, 'v1.34.1+k3s1'], [10, 'amd64']);
  // A number, and fields of eight and of four bytes, are stepped over.
  const others = Buffer.from([8, 0x96, 1, 17, 1, 2, 3, 4, 5, 6, 7, 8, 29, 1, 2, 3, 4]);
  const status = Buffer.concat([others, message([7, nodeInfo])]);
  expect(kubeletVersionOf(stored(message([1, message([1, 'n'])], [3, status])))).toBe('v1.34.1+k3s1');
  const json = { status: { nodeInfo: { kubeletVersion: 'v1.34.1' } } };
  expect(kubeletVersionOf(Buffer.from(JSON.stringify(json)))).toBe('v1.34.1');
});

it.each<[string, Uint8Array | string]>([
  ['is encrypted', 'k8s:enc:aescbc:v1:key1:0123456789'],
  ['is empty', ''],
  ['has no UID', stored(message([1, message([1, 'name'])]))],
  ['has an empty one', stored(message([1, message([5, ''])]))],
  ['has none in JSON', '{"metadata":{"uid":7}}'],
  ['has no object there', '{"metadata":null}'],
  ['is JSON that breaks off', '{"metadata":{"uid":"'],
  ['has one that is too long', `{"metadata":{"uid":"${'a'.repeat(300)}"}}`],
  [
    'has a number that never ends',
    Buffer.from('k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff', 'latin1'),
  ],
  ['is something else', 'compact_rev_key'],
])('nothing is read from a value that %s', (_, value) => {
  expect(uidOf(Buffer.from(value))).toBeUndefined();
});

it('a value that was cut never gives part of a UID, and nothing throws', () => {
  for (let length = 0; length < namespace.length; length += 1)
    expect([undefined, kubeSystemUid(7)]).toContain(uidOf(namespace.subarray(0, length)));
  for (let at = 0; at < namespace.length; at += 1) {
    const changed = Buffer.from(namespace);
    changed[at]! ^= 0x55;
    uidOf(changed);
  }
});
