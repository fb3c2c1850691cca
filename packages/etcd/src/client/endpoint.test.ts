import { isFailure } from '@holdfast/base';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseEndpoints } from './endpoint.ts';

const urls = (texts: string[], tls = false): string[] => parseEndpoints(texts, tls).map((each) => each.url);

test.each([
  ['http://10.0.0.1:2379', 'http://10.0.0.1:2379'],
  ['https://etcd-0.etcd.svc:2379/', 'https://etcd-0.etcd.svc:2379'],
  ['HTTP://a:1', 'http://a:1'],
  [' a:2379 ', 'http://a:2379'],
  ['[::1]:2379', 'http://[::1]:2379'],
  ['https://[fd00::1]:2379', 'https://[fd00::1]:2379'],
])('%s is understood', (text, url) => expect(urls([text])).toEqual([url]));

test('without a scheme, TLS files decide', () => {
  expect(urls(['a:1'], true)).toEqual(['https://a:1']);
  expect(urls(['a:1'], false)).toEqual(['http://a:1']);
});

test('doubles are dropped and the order is kept', () => {
  expect(urls(['b:1', 'a:1', 'http://b:1/'])).toEqual(['http://b:1', 'http://a:1']);
});

test.each([
  [[], false, 'no endpoint of etcd is given'],
  [['http://a:1', 'https://b:1'], false, 'http and https endpoints cannot be mixed'],
  [['http://a:1'], true, 'TLS files are given, but http://a:1 would not use them'],
  [['unix:///run/etcd.sock'], false, '"unix:///run/etcd.sock" is not an endpoint'],
  [['ftp://a:1'], false, '"ftp://a:1" has the scheme ftp'],
  [['http://a'], false, '"http://a" is not an endpoint'],
  [['http://a:0'], false, '"http://a:0" is not an endpoint'],
  [['http://a:65536'], false, '"http://a:65536" is not an endpoint'],
  [['http://a:1/v3'], false, '"http://a:1/v3" is not an endpoint'],
  [['http://::1:2379'], false, '"http://::1:2379" is not an endpoint'],
  [[''], false, '"" is not an endpoint'],
])('%j is refused', (texts, tls, why) => {
  expect(() => parseEndpoints(texts, tls)).toThrow(
    expect.objectContaining({ code: 'usage', why: expect.stringContaining(why) }),
  );
});

test('a password in an endpoint is not repeated', () => {
  expect(() => parseEndpoints(['http://root:secret@a:1'], false)).toThrow(
    expect.objectContaining({ code: 'usage', why: 'an endpoint cannot carry a user or a password' }),
  );
});

test('any text is an endpoint or a usage failure', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
      try {
        for (const { url } of parseEndpoints([text], false)) expect(urls([url])).toEqual([url]);
      } catch (error) {
        expect(isFailure(error, 'usage')).toBe(true);
      }
    }),
  );
});
