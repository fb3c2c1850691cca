import { formatHex64 } from '@holdfast/base';
import { parseInitialCluster } from '@holdfast/model';
import { expect, test } from 'vitest';
import { confStateJson, memberJson } from './json.ts';
import { newCluster, sameUrls } from './new-cluster.ts';
import { v2StoreJson } from './v2-store.ts';

test("ids are etcd's own, whatever the order and the names", () => {
  const text = 'm1=http://127.0.0.1:2380,m2=http://127.0.0.1:2381';
  const { id, members } = newCluster(parseInitialCluster(text), 'tok');
  expect(formatHex64(id)).toBe('8d9fa1f3dd2c1d34');
  expect(members.map((member) => [member.name, formatHex64(member.id)])).toEqual([
    ['m2', '321b4ccd5c32edea'],
    ['m1', '71405583d3e2d5ce'],
  ]);
  const other = 'x=http://127.0.0.1:2381,m1=http://127.0.0.1:2380';
  expect(newCluster(parseInitialCluster(other), 'tok').id).toBe(id);
});

test('the famous id of a cluster that nobody named', () => {
  const { id } = newCluster(parseInitialCluster('default=http://localhost:2380'), 'etcd-cluster');
  expect(formatHex64(id)).toBe('cdf818194e3a8c32');
});

test('a member with several URLs has them sorted, and another token makes another cluster', () => {
  const text = 'm1=http://b:1,m1=http://a:1';
  const [one, two] = ['t1', 't2'].map((token) => newCluster(parseInitialCluster(text), token));
  expect(one!.members[0]!.peerUrls).toEqual(['http://a:1', 'http://b:1']);
  expect(one!.id).not.toBe(two!.id);
});

test('two members with one id are refused', () => {
  const twin = { peerUrls: ['http://a:1'] };
  expect(() =>
    newCluster(
      [
        { name: 'a', ...twin },
        { name: 'b', ...twin },
      ],
      't',
    ),
  ).toThrow(/two members have the id/);
});

test('URLs are the same in any order', () => {
  expect(sameUrls(['http://a:1', 'http://b:1'], ['http://b:1', 'http://a:1'])).toBe(true);
  expect(sameUrls(['http://a:1'], ['http://a:1', 'http://b:1'])).toBe(false);
  expect(sameUrls(['http://a:1'], ['http://b:1'])).toBe(false);
});

test('JSON is spelled as Go does, with exact ids', () => {
  const member = { id: 0xffff_ffff_ffff_ffffn, name: 'a<b>&"\u2028', peerUrls: ['http://a:1'] };
  expect(memberJson(member)).toBe(
    String.raw`{"id":18446744073709551615,"peerURLs":["http://a:1"],"name":"a\u003cb\u003e\u0026\"\u2028"}`,
  );
  expect(confStateJson([1n, 0xffff_ffff_ffff_ffffn])).toBe(
    '{"voters":[1,18446744073709551615],"auto_leave":false}',
  );
});

test('the v2 store holds each member under its id', () => {
  const cluster = newCluster(parseInitialCluster('m1=http://127.0.0.1:2380'), 'tok');
  const store: unknown = JSON.parse(v2StoreJson(cluster));
  const id = '71405583d3e2d5ce';
  expect(store).toMatchObject({
    CurrentIndex: 1,
    CurrentVersion: 2,
    Root: {
      Children: {
        '0': {
          Children: {
            members: {
              Children: {
                [id]: {
                  Children: {
                    raftAttributes: { Value: '{"peerURLs":["http://127.0.0.1:2380"]}', Children: null },
                  },
                },
              },
            },
          },
        },
        '1': { Children: {} },
      },
    },
  });
});
