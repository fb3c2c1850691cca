import { expect, test } from 'vitest';
import { parseInitialCluster } from './initial-cluster.ts';

test('members are read in order, and a name given twice collects its URLs', () => {
  expect(
    parseInitialCluster('m1=http://10.0.0.1:2380,m2=https://[::1]:2380,m1=http://10.0.1.1:2380'),
  ).toEqual([
    { name: 'm1', peerUrls: ['http://10.0.0.1:2380', 'http://10.0.1.1:2380'] },
    { name: 'm2', peerUrls: ['https://[::1]:2380'] },
  ]);
});

test('the scheme is made small and the host kept, as in etcd, whose ids are a hash over the URL', () => {
  expect(parseInitialCluster('m1=HTTPS://Node-1.Example:2380')).toEqual([
    { name: 'm1', peerUrls: ['https://Node-1.Example:2380'] },
  ]);
});

test.each([
  ['', '"" is not of the form NAME=URL'],
  ['m1', '"m1" is not of the form NAME=URL'],
  ['=http://a:1', '"=http://a:1" is not of the form NAME=URL'],
  ['m1=10.0.0.1:2380', '"10.0.0.1:2380" is not a URL'],
  ['m1=ftp://a:1', '"ftp://a:1" must begin with http:// or https://'],
  ['m1=http://a', '"http://a" must name a port'],
  ['m1=http://a:1/x', '"http://a:1/x" must name a port'],
  ['m1=http://a:1/', '"http://a:1/" must not have a path'],
  ['m1=http://a:1,m2=http://a:1', 'http://a:1 is given twice'],
  ['m1=http://a:1,m2=HTTP://a:1', 'http://a:1 is given twice'],
  ['m1=http://root:hunter2@a:1', 'a peer URL must not hold a login'],
  ['m1=http://ü:1', 'neither a plain name nor an address'],
  ['m1=http://a%2e:1', 'neither a plain name nor an address'],
  ['m1=http:a:1', 'neither a plain name nor an address'],
  ['m1=http://a?x:1', 'neither a plain name nor an address'],
])('%j is refused', (text, message) => {
  expect(() => parseInitialCluster(text)).toThrow(message);
});
