import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Failure, formatBytes, limits } from '@holdfast/base';
import { CompanionsList } from '@holdfast/model';
import { extract, type Header } from 'tar-stream';
import { listEntry } from './companions-tar.ts';

/** Which companions are wanted, and what messages call the tar that they are in. */
export interface CompanionsRequest {
  /** Absolute paths on the node; all of them when none is given. */
  readonly names?: readonly string[];
  readonly path: string;
}

/** A companion out of a tar. */
export interface OpenedCompanion {
  readonly file: CompanionsList['files'][number];
  readonly content: Uint8Array;
}

/** What a tar holds. Its content is secret. */
export interface OpenedCompanions {
  readonly list: CompanionsList;
  readonly files: readonly OpenedCompanion[];
}

/** Bytes of a tar beyond its content: the list, and two headers and their padding for each file. */
const overheadBytes = 16 * 1024 * 1024;

/**
 * Opens a tar of companions. Whoever could write it is not trusted: only regular files with plain relative names are taken,
 * each of them once, as many and as large as a save takes them, and all of them have to be what the list at the beginning
 * says. Nothing is returned before all of it was read and compared.
 * @throws Failure object-damaged; file-unreadable when one of `names` is not in it; whatever `stream` throws
 */
export async function readCompanions(
  stream: AsyncIterable<Uint8Array>,
  { names, path }: CompanionsRequest,
): Promise<OpenedCompanions> {
  const damaged = (why: string): Failure => new Failure('object-damaged', why, { path });
  const contents = await readEntries(await gather(stream, damaged), damaged);
  const list = listOf(contents.get(listEntry), damaged);
  contents.delete(listEntry);
  const files = list.files.map((file) => {
    const content = contents.get(file.entry);
    contents.delete(file.entry);
    if (content === undefined) throw damaged(`${printed(file.entry)} is in its list and not in it`);
    if (content.length !== file.size || sha256(content) !== file.sha256)
      throw damaged(`${printed(file.entry)} is not what its list says`);
    return { file, content };
  });
  const [unlisted] = contents.keys();
  if (unlisted !== undefined) throw damaged(`${printed(unlisted)} is not in its list`);
  const missing = names?.find((name) => !files.some(({ file }) => file.path === name));
  if (missing !== undefined)
    throw new Failure('file-unreadable', `it is not among the companions in ${path}`, { path: missing });
  return { list, files: files.filter(({ file }) => names?.includes(file.path) ?? true) };
}

type Damaged = (why: string) => Failure;

async function gather(stream: AsyncIterable<Uint8Array>, damaged: Damaged): Promise<Buffer> {
  const most = limits.companionsBytes + overheadBytes;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > most) throw damaged(`it has more than ${formatBytes(most)}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readEntries(bytes: Buffer, damaged: Damaged): Promise<Map<string, Buffer>> {
  const tar = extract();
  tar.end(bytes);
  const contents = new Map<string, Buffer>();
  try {
    for await (const entry of tar) {
      const fault = faultOf(entry.header, contents);
      if (fault !== null) throw damaged(`${printed(entry.header.name)} ${fault}`);
      contents.set(entry.header.name, await buffer(entry));
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw damaged(error instanceof Error ? error.message : String(error));
  } finally {
    tar.destroy();
  }
  return contents;
}

/** Why an entry is not taken; null when it is. */
function faultOf({ name, type, size }: Header, before: ReadonlyMap<string, Buffer>): string | null {
  const folders = name.split('/').slice(0, -1);
  if (before.size === 0 && name !== listEntry) return `comes before ${listEntry}`;
  if (before.size > limits.companionFiles)
    return `is one too many: ${limits.companionFiles} files are allowed`;
  if (type !== 'file') return `is no file but a ${type}`;
  if (name === '' || name.startsWith('/') || name.includes('\0') || posix.normalize(name) !== name)
    return 'is not a plain name';
  if (name === '..' || name.startsWith('../') || name.endsWith('/')) return 'is not a plain name';
  if (before.has(name)) return 'is in it twice';
  if (folders.some((_, at) => before.has(folders.slice(0, at + 1).join('/')))) return 'lies in a file';
  if (name !== listEntry && size > limits.companionBytes) return `has ${formatBytes(size)}`;
  return null;
}

function listOf(content: Buffer | undefined, damaged: Damaged): CompanionsList {
  let json: unknown;
  try {
    json = JSON.parse(content?.toString() ?? '');
  } catch {
    throw damaged(`${listEntry} cannot be read`);
  }
  const { data, error } = CompanionsList.safeParse(json);
  if (data === undefined)
    throw damaged(`${listEntry} is not a list of companions: ${error.issues[0]?.message}`);
  return data;
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A name for people, however it was chosen. */
function printed(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}
