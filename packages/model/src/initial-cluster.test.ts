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
])('%j is refused', (text, message) => {
  expect(() => parseInitialCluster(text)).toThrow(message);
});
