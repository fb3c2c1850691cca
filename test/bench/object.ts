import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  compressSeekable,
  expand,
  parsePublicKeyFile,
  parseSecretKeyFile,
  seal,
  unseal,
} from '../../packages/repository/src/object/index.ts';

/*
 * What the duels over sealed objects run as a whole process, as long as no command of ours does just that:
 *
 *   node object.ts seal PLAIN RECIPIENTS SEALED
 *   node object.ts open SEALED KEYS PLAIN
 */

async function* transformed(verb: string, from: string, keyFile: string): AsyncGenerator<Uint8Array> {
  const source = createReadStream(from, { highWaterMark: 256 * 1024 });
  const text = await readFile(keyFile, 'utf8');
  if (verb === 'seal') {
    yield* seal(compressSeekable(source), { recipients: await parsePublicKeyFile(text, keyFile) });
  } else {
    const keys = await parseSecretKeyFile(text, keyFile);
    yield* expand(unseal(source, { keys }, from), { name: from, atMost: Infinity });
  }
}

const [verb = '', from = '', keyFile = '', to = ''] = process.argv.slice(2);
await pipeline(
  Readable.from(transformed(verb, from, keyFile), { objectMode: true, highWaterMark: 1 }),
  createWriteStream(to),
);
