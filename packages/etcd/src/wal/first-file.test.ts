import { expect, test } from 'vitest';
import { crc32c } from '../crc32c/index.ts';
import { encodeFirstWal } from './index.ts';

const json = (id: bigint, port: number, name: string): Buffer =>
  Buffer.from(`{"id":${id},"peerURLs":["http://127.0.0.1:${port}"],"name":"${name}"}`);

const wal = {
  memberId: 0x71405583d3e2d5cen,
  clusterId: 0x8d9fa1f3dd2c1d34n,
  voters: [
    { id: 0x321b4ccd5c32edean, json: json(0x321b4ccd5c32edean, 2381, 'm2') },
    { id: 0x71405583d3e2d5cen, json: json(0x71405583d3e2d5cen, 2380, 'm1') },
  ],
};

/** The used bytes of the log that etcdutl 3.6.16 wrote for these members and the token `tok`. */
const common = `
  0400000000000084 08041000 00000000
  1f00000000000081 080110f19baea8041a1508ceab8b9fbdb095a07110b4bab0e9bdbee8cf8d01 00
  0e00000000000082 08051095bad1f30c1a0408001000 0000
  6d00000000000083 080210ff8bc8df021a63080110011801225b0800100018eadbcbe1d599d38d32224b
    7b226964223a333631303536333937313136363433323734362c227065657255524c73223a5b22687474703a2f2f3132372e302e302e313a
    32333831225d2c226e616d65223a226d32227d 000000
  6d00000000000083 080210ecadf6f00d1a63080110011802225b0800100018ceab8b9fbdb095a071224b
    7b226964223a383136303631363534393437393237333933342c227065657255524c73223a5b22687474703a2f2f3132372e302e302e313a
    32333830225d2c226e616d65223a226d31227d 000000
  1800000000000000 080310aea78cbc0f1a0e080110eadbcbe1d599d38d321802`;
const endOf36 =
  '2500000000000083 080510e2d1aa7f1a1c080210011a1608eadbcbe1d599d38d3208ceab8b9fbdb095a0712800 000000';
/** etcdctl 3.4.23 does not name the voters. */
const endOf34 = '0e00000000000082 0805108981a9cb0f1a0408021001 0000';

test.each([
  ['3.5 and later', true, endOf36],
  ['3.4', false, endOf34],
])("the log is byte for byte that of etcd's own tool of %s", (_, withConfState, end) => {
  const expected = `${common}${end}`.replace(/\s/g, '');
  expect(encodeFirstWal({ ...wal, withConfState }).toString('hex')).toBe(expected);
});

test('each checksum goes on from the one before, over the data alone', () => {
  const bytes = encodeFirstWal({ ...wal, withConfState: true });
  let at = 0;
  let crc = 0;
  let records = 0;
  while (at < bytes.length) {
    const length = bytes.readUIntLE(at, 6);
    const record = bytes.subarray(at + 8, at + 8 + length);
    let shift = 0;
    let found = 0;
    let i = 3;
    for (let byte = 0x80; byte >= 0x80; i++, shift += 7) {
      byte = record[i]!;
      found += (byte & 0x7f) * 2 ** shift;
    }
    crc = crc32c(record.subarray(i + 2), crc);
    expect(found).toBe(crc);
    at += 8 + length + (bytes[at + 7]! & 7);
    records += 1;
  }
  expect([at, records]).toEqual([bytes.length, 7]);
});

test('a cluster without members has no log', () => {
  expect(() => encodeFirstWal({ ...wal, voters: [], withConfState: true })).toThrow(RangeError);
});
