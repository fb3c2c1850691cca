import type { CompanionsRecord } from '@holdfast/model';
import { expect, test } from 'vitest';
import { companionsText, companionsWorries } from './companions.ts';

const view = {
  wide: false,
  utc: true,
  style: (_: string, text: string) => text,
  now: new Date('2026-11-20T09:14:07Z'),
};
const finding = (
  check: string,
  outcome: CompanionsRecord['findings'][number]['outcome'],
  sentence: string,
): CompanionsRecord['findings'][number] => ({ check, outcome, sentence, evidence: {} });
const record: CompanionsRecord = {
  distribution: 'kubeadm',
  node: 'cp-1',
  collectedAt: '2026-11-20T09:10:00.000Z',
  kubernetes: { version: 'v1.34.1', uid: '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0' },
  files: [
    {
      path: '/etc/kubernetes/pki/ca.crt',
      why: 'all trust it',
      secret: false,
      size: 1100,
      sha256: 'a'.repeat(64),
    },
    { path: '/etc/kubernetes/pki/sa.key', why: 'it signs tokens', secret: true, size: 1700, sha256: null },
  ],
  left: [{ path: '/etc/kubernetes/pki/ca.key', why: 'permission\ndenied' }],
  findings: [
    finding('files', 'warned', '/etc/kubernetes/pki/ca.key is missing: certificates are signed with it.'),
    finding(
      'encryption-key',
      'failed',
      'There is no aescbc "key1" in the configuration for 2 values of secrets.',
    ),
    finding('certificate', 'ok', '1 certificate can be used; the first ends on 2027-01-01.'),
  ],
};

test('the companions of a snapshot, each check and what was left behind', () => {
  expect(companionsText(record, view)).toMatchInlineSnapshot(`
    "Companions: failed, a restore would not bring everything to life
      of cp-1 (kubeadm, Kubernetes v1.34.1): 2 files, 2.73 KiB, sealed
      CHECK            RESULT   FOUND
      files            warned   /etc/kubernetes/pki/ca.key is missing: certificates are signed with it.
      encryption-key   failed   There is no aescbc "key1" in the configuration for 2 values of secrets.
      certificate      ok       1 certificate can be used; the first ends on 2027-01-01.
      ! not taken: /etc/kubernetes/pki/ca.key, permission denied
    "
  `);
});

test('in wide form each file', () => {
  const text = companionsText({ ...record, left: [], findings: [] }, { ...view, wide: true });
  expect(text).toMatchInlineSnapshot(`
    "Companions: unknown, not everything about them could be checked
      of cp-1 (kubeadm, Kubernetes v1.34.1): 2 files, 2.73 KiB, sealed
      FILE                         SIZE       WHY
      /etc/kubernetes/pki/ca.crt   1.07 KiB   all trust it
      /etc/kubernetes/pki/sa.key   1.66 KiB   it signs tokens (secret)
    "
  `);
});

test('a snapshot without companions says so', () => {
  expect(companionsText(null, view)).toMatch(/^Companions: none were kept/);
});

test('the status names what a restore would fail of, and no more', () => {
  expect(companionsWorries(record)).toEqual([
    'companions: There is no aescbc "key1" in the configuration for 2 values of secrets.',
  ]);
  expect(companionsWorries({ ...record, findings: [] })).toEqual([]);
});
