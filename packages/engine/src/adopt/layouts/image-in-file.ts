import { listTar, openZip, type TarForm } from '../archive/index.ts';
import type { ForeignFile, ForeignPlace } from '../foreign.ts';
import { perFile } from '../per-file.ts';
import { readPart } from '../place/read-part.ts';
import { kindOf, sniff, type Sniffed } from '../sniff.ts';
import { archiveFault, dbNotes, isWholeDb, trailerNotes } from './readable.ts';

/** A file in an archive: its name as it is stored, and its bytes. */
interface Entry {
  readonly name: string;
  readonly size: number;
}

/** Where the database of a snapshot is in a file, however that is wrapped; or what keeps it from being read. */
export interface ImageInFile {
  readonly form: 'db' | 'gzip' | 'zip' | 'tar' | 'tar.gz';
  /** The database in an archive. */
  readonly entry?: string;
  /** Everything in the archive, the database too. */
  readonly entries: readonly string[];
  readonly restorable: boolean;
  /** A sentence each. */
  readonly notes: readonly string[];
}

/** What is in an archive. */
interface Listed {
  readonly entries: readonly Entry[];
  /** Whether that is all of it. */
  readonly complete: boolean;
  /** Its first bytes. */
  head(entry: Entry): Promise<Uint8Array>;
}

/** Bytes of the smallest database: bbolt has two heads, a list of free pages and a root, of a page each. */
const smallestDb = 4 * 4096;
/** Bytes that tell a database. */
const headBytes = 1024;

/**
 * Finds the database in a file by its content: the file itself, a gzip of it, or an entry of an archive.
 *
 * @returns null where there is none, so that the file is something else. An archive that cannot be read may hold one
 * @throws file-unreadable, the `s3-` failures
 */
export const imageInFile = perFile(findImage);

async function findImage(place: ForeignPlace, file: ForeignFile): Promise<ImageInFile | null> {
  const sniffed = await sniff(place, file);
  if (sniffed.kind === 'db') {
    const [restorable, notes] = [isWholeDb(sniffed, file.size), dbNotes(sniffed, file.size)];
    return { form: 'db', entries: [], restorable, notes };
  }
  if (sniffed.kind === 'gzip' && sniffed.holds === 'db')
    return { form: 'gzip', entries: [], restorable: true, notes: await gzipNotes(place, file) };
  const form = archiveForm(sniffed);
  if (form === undefined) return null;
  const unreadable = (why: string): ImageInFile => ({ form, entries: [], restorable: false, notes: [why] });
  if (sniffed.kind === 'zip' && !sniffed.whole)
    return unreadable('The zip is cut off: its end is missing, so nothing can be read from it.');
  try {
    return await inArchive(form, await list(place, file, form));
  } catch (error) {
    return unreadable(`The ${form === 'zip' ? 'zip' : 'tar'} is ${archiveFault(error)}.`);
  }
}

function archiveForm(sniffed: Sniffed): 'zip' | TarForm | undefined {
  if (sniffed.kind === 'zip' || sniffed.kind === 'tar') return sniffed.kind;
  return sniffed.kind === 'gzip' && sniffed.holds === 'tar' ? 'tar.gz' : undefined;
}

/** The last four bytes of a gzip are the size of what is in it, and databases have but few of those. */
async function gzipNotes(place: ForeignPlace, file: ForeignFile): Promise<readonly string[]> {
  const end = await readPart(place, file.path, file.size - 4, file.size);
  const size = end.length < 4 ? -1 : end.readUInt32LE(0);
  if ([0, 32].includes(size % 512)) return trailerNotes(size);
  return ['The end of the gzip does not tell the size of a database: it is cut off, or something was added.'];
}

async function list(place: ForeignPlace, file: ForeignFile, form: 'zip' | TarForm): Promise<Listed> {
  if (form === 'zip') {
    const zip = await openZip(place, file);
    const head = ({ name }: Entry) => headOf(zip.read(zip.entries.find((each) => each.name === name)!));
    return { entries: zip.entries, complete: true, head };
  }
  const { entries, complete } = await listTar(place, file, form, headBytes);
  const heads = new Map(entries.map(({ name, head }) => [name, head]));
  return { entries, complete, head: async ({ name }) => heads.get(name)! };
}

async function inArchive(form: ImageInFile['form'], listed: Listed): Promise<ImageInFile | null> {
  const databases: Entry[] = [];
  let fault: unknown;
  for (const entry of listed.entries) {
    try {
      if (await beginsAsDb(listed, entry)) databases.push(entry);
    } catch (error) {
      // Another entry may be whole.
      archiveFault(error);
      fault ??= error;
    }
  }
  const [image, ...more] = databases;
  if (image === undefined && fault !== undefined) throw fault;
  if (image === undefined) return null;
  return {
    form,
    entry: image.name,
    entries: listed.entries.map(({ name }) => name),
    restorable: true,
    notes: [
      ...trailerNotes(image.size),
      ...(more.length === 0
        ? []
        : [`It holds ${databases.length} databases, and the first one is taken: ${image.name}.`]),
      ...(listed.complete ? [] : ['Only its beginning was looked at.']),
    ],
  };
}

async function beginsAsDb(listed: Listed, entry: Entry): Promise<boolean> {
  return entry.size >= smallestDb && kindOf(await listed.head(entry)) === 'db';
}

async function headOf(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of content) {
    parts.push(part);
    length += part.length;
    if (length >= headBytes) break;
  }
  return Buffer.concat(parts);
}
