import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@holdfast/base';
import { afterEach, expect, test } from 'vitest';
import type { ByteRange, Storage } from '../storage.ts';
import { openS3 } from './open.ts';
import { quiet } from './testing/settings-of.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A bucket whose server answers as no server should. It is asked without pauses. */
async function strange(answer: RequestListener): Promise<Storage> {
  const started = createServer((request, response) => {
    request.resume().once('end', () => answer(request, response));
  });
  servers.push(started);
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
  const clock = { ...systemClock, sleep: () => Promise.resolve() };
  return openS3({ bucket: 'bucket', endpoint, credentials }, { ...quiet, clock });
}

function part(response: ServerResponse, range: string, headers: object, body: string): void {
  response.writeHead(206, { 'content-range': `bytes ${range}`, ...headers }).end(body);
}

async function read(storage: Storage, range?: ByteRange): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of storage.read('k', range)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function keys(storage: Storage): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of storage.list('')) found.push(key);
  return found;
}

test('of a server that knows no ranges only a beginning is read, and only that', async () => {
  const storage = await strange((_, response) => response.end('0123456789'));
  expect(await read(storage)).toBe('0123456789');
  expect(await read(storage, { start: 0, end: 3 })).toBe('012');
  await expect(read(storage, { start: 2, end: 4 })).rejects.toMatchObject({ code: 's3-refused' });
});

test('other bytes than those that were asked for are refused', async () => {
  const storage = await strange((_, response) => part(response, '5-6/10', {}, 'xy'));
  await expect(read(storage, { start: 2, end: 4 })).rejects.toMatchObject({ code: 's3-damaged' });
});

test('more bytes than were asked for are not given on, and what is left out is asked for', async () => {
  const longer = await strange((_, response) => part(response, '2-3/10', {}, 'xyz'));
  expect(await read(longer, { start: 2, end: 4 })).toBe('xy');
  const shorter = await strange(({ headers }, response) => {
    const start = Number(/\d+/.exec(headers.range ?? '')?.[0]);
    part(response, `${start}-${start}/10`, {}, String(start));
  });
  expect(await read(shorter, { start: 2, end: 5 })).toBe('234');
});

test('an empty object has no bytes, and one that ends early those that it has', async () => {
  const empty = await strange((_, response) => response.writeHead(416).end());
  expect(await read(empty)).toBe('');
  const unranged = await strange((_, response) => response.end());
  expect(await read(unranged)).toBe('');
  expect(await unranged.get('k', 9)).toHaveLength(0);
  const short = await strange((_, response) => part(response, '2-3/4', {}, 'cd'));
  expect(await read(short, { start: 2, end: 99 })).toBe('cd');
});

test.each([
  ['its writer', '5-9/10', 'two'],
  ['its length', '5-10/11', 'one'],
])(
  'without an ETag an object that was replaced while it was read is known by %s',
  async (_, rest, writer) => {
    let asked = 0;
    const storage = await strange((_, response) => {
      asked += 1;
      if (asked > 1) return part(response, rest, { 'x-amz-meta-holdfast-writer': writer }, 'BBBBBB');
      response.writeHead(206, {
        'content-range': 'bytes 0-9/10',
        'content-length': '10',
        'x-amz-meta-holdfast-writer': 'one',
      });
      response.write('aaaaa', () => response.destroy());
    });
    await expect(read(storage)).rejects.toMatchObject({ why: 'it was replaced meanwhile' });
  },
);

test('a body that breaks off right behind its last byte is still compared with its SHA-256', async () => {
  const storage = await strange(({ headers }, response) => {
    const sha256 = { 'x-amz-meta-holdfast-sha256': '0'.repeat(64) };
    const all = headers.range === 'bytes=0-';
    response.writeHead(all ? 206 : 416, all ? { 'content-range': 'bytes 0-3/4', ...sha256 } : {});
    response.write('abcd', () => response.destroy());
  });
  await expect(read(storage)).rejects.toMatchObject({ code: 's3-damaged' });
});

test('of a small object whose body does not end only so much is read as was announced', async () => {
  const storage = await strange((_, response) => {
    response.writeHead(206, { 'content-range': 'bytes 0-3/4' });
    const more = (): void => {
      if (!response.destroyed) response.write(Buffer.alloc(64 * 1024), more);
    };
    more();
  });
  await expect(storage.get('k', 1024)).rejects.toMatchObject({ code: 's3-damaged' });
});

const listed = (inside: string): string =>
  `<?xml version="1.0"?><ListBucketResult><Name>bucket</Name>${inside}</ListBucketResult>`;
const entry = '<Contents><Key>a</Key><Size>1</Size></Contents>';

test.each([
  ['a page of something else', '<html><body>Welcome</body></html>'],
  ['nothing', ''],
  ['fewer objects than it counts', listed(`<IsTruncated>false</IsTruncated><KeyCount>2</KeyCount>${entry}`)],
  ['that there are more, and not where', listed(`<IsTruncated>true</IsTruncated>${entry}`)],
])('a listing that says %s is no listing', async (_, page) => {
  const storage = await strange((_, response) => response.end(page));
  const fault = { code: 's3-busy', why: 'its listing is not whole' };
  await expect(keys(storage)).rejects.toMatchObject(fault);
  await expect(storage.isEmpty()).rejects.toMatchObject(fault);
});

test('a page of a listing that is not whole is asked for again', async () => {
  let asked = 0;
  const storage = await strange((_, response) => {
    asked += 1;
    const page = listed(`<IsTruncated>false</IsTruncated><KeyCount>1</KeyCount>${entry}`);
    response.end(asked === 1 ? page.replace(entry, '') : page);
  });
  expect(await keys(storage)).toEqual(['a']);
  expect(asked).toBe(2);
});

test('a listing that counts nothing is one', async () => {
  const page = listed(`<IsTruncated>false</IsTruncated>${entry}`);
  expect(await keys(await strange((_, response) => response.end(page)))).toEqual(['a']);
});

const uploads = (inside: string): string =>
  `<ListMultipartUploadsResult><Bucket>bucket</Bucket>${inside}</ListMultipartUploadsResult>`;

test("an upload of the storage's own that was left behind is removed as well", async () => {
  const begun = '<UploadId>u</UploadId><Initiated>2020-01-01T00:00:00Z</Initiated>';
  const found = uploads(
    `<IsTruncated>false</IsTruncated><Upload><Key>.holdfast/conditions</Key>${begun}</Upload>`,
  );
  const removed: string[] = [];
  const storage = await strange(({ method, url = '' }, response) => {
    if (method === 'DELETE') removed.push(url);
    if (url.includes('uploadId=')) response.end('<ListPartsResult></ListPartsResult>');
    else response.end(found);
  });
  expect(await storage.removeStale(new Date())).toBe(1);
  expect(removed.join()).toContain('/bucket/.holdfast/conditions?');
});

test('a listing of uploads that leads nowhere ends', async () => {
  const storage = await strange((_, response) => response.end(uploads('<IsTruncated>true</IsTruncated>')));
  await expect(storage.removeStale(new Date())).rejects.toMatchObject({ code: 's3-busy' });
});

test('an upload that got no name is not begun', async () => {
  const answer = '<InitiateMultipartUploadResult></InitiateMultipartUploadResult>';
  const storage = await strange((_, response) => response.end(answer));
  await expect(storage.create('k')).rejects.toMatchObject({ code: 's3-busy' });
});

/** Refuses to overwrite, says of everything else that it was done, and keeps nothing. */
function forgetful({ method, url = '' }: { method?: string; url?: string }, response: ServerResponse): void {
  const taken = url.includes('/.holdfast/conditions');
  if (method === 'HEAD') response.writeHead(404).end();
  else if (method === 'POST' && url.includes('uploads'))
    response.end('<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
  else if (method === 'POST')
    response
      .writeHead(taken ? 412 : 200)
      .end('<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>');
  else response.writeHead(taken && !url.includes('partNumber') ? 412 : 200, { etag: '"e"' }).end();
}

test('a name of an upload that cannot be one begins anew', async () => {
  const storage = await strange(forgetful);
  for (const resume of ['w:0:u', 'w:99999999999999:u', 'w:u'])
    expect((await storage.create('k', resume)).resume).not.toMatch(/^w:/);
});

test('what the server says that it has stored and does not have is not told as written', async () => {
  const storage = await strange(forgetful);
  const why = 'it was stored, and is not there';
  await expect(storage.put('k', Buffer.from('x'))).rejects.toMatchObject({ code: 's3-damaged', why });
  const writer = await storage.create('k');
  await writer.write(Buffer.from('x'));
  await expect(writer.place()).rejects.toMatchObject({ code: 's3-damaged', why });
  await writer.discard();
});

test('a server whose bucket locks all that is put, and so wants its MD5, gets it', async () => {
  const words =
    'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Part requests with Object Lock parameters';
  const without: string[] = [];
  let writer: string | undefined;
  const storage = await strange((request, response) => {
    const { method, url = '', headers } = request;
    writer = headers['x-amz-meta-holdfast-writer']?.toString() ?? writer;
    if (method === 'PUT' && headers['content-md5'] === undefined) {
      without.push(url);
      response.writeHead(400).end(`<Error><Code>InvalidRequest</Code><Message>${words}</Message></Error>`);
    } else if (method === 'HEAD' && writer !== undefined) {
      response.writeHead(200, { 'content-length': 1, 'x-amz-meta-holdfast-writer': writer }).end();
    } else forgetful(request, response);
  });
  expect(await storage.put('k', Buffer.from('x'))).toBe(true);
  const upload = await storage.create('l');
  await upload.write(Buffer.from('x'));
  expect(await upload.place()).toBe(true);
  // Once it knows, it does not wait to be told.
  expect(without).toEqual([expect.stringContaining('/l?partNumber=1')]);
});
