import { open, readFile } from 'node:fs/promises';
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

const lend = true;

/** As the save pipeline gives what it receives: in one block, again and again. */
async function* blocks(path: string): AsyncGenerator<Uint8Array> {
  await using file = await open(path);
  const block = Buffer.allocUnsafeSlow(1024 * 1024);
  for (;;) {
    const { bytesRead } = await file.read(block);
    if (bytesRead === 0) return;
    yield block.subarray(0, bytesRead);
  }
}

async function* transformed(verb: string, from: string, keyFile: string): AsyncGenerator<Uint8Array> {
  const source = blocks(from);
  const text = await readFile(keyFile, 'utf8');
  if (verb === 'seal') {
    const recipients = await parsePublicKeyFile(text, keyFile);
    yield* seal(compressSeekable(source, { lend }), { recipients }, { lend });
  } else {
    const keys = await parseSecretKeyFile(text, keyFile);
    yield* expand(unseal(source, { keys }, from, { lend }), { name: from, atMost: Infinity, lend });
  }
}

const [verb = '', from = '', keyFile = '', to = ''] = process.argv.slice(2);
await using target = await open(to, 'w');
for await (const bytes of transformed(verb, from, keyFile)) await target.writeFile(bytes);
