import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import type { AuditHead } from '@holdfast/server/audit';
import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet, type Fleet } from '../remote/connection.ts';
import { writeSecret } from '../remote/logins.ts';
import { apiVersion, type Answer } from '../term/answer.ts';

interface ExportOptions {
  readonly verify?: true;
  readonly headFile?: string;
}

export function addAuditExport(parent: Verb): void {
  const verb = parent.command('export');
  verb
    .description('Print the whole audit log of a server, a JSON object a line.')
    .option('--verify', 'follow its hashes as well: exit 4 when an entry was changed, left out or put in')
    .option(
      '--head-file <file>',
      'verify it against the head of the export before, which is in this file, and put the new one there',
    )
    .example('Into a file that is kept elsewhere', 'holdfast audit export --verify > audit.jsonl')
    .example('Each night, on another machine', 'holdfast audit export --head-file audit-head > audit.jsonl')
    .remark(
      'Its hashes cannot tell that the newest entries were cut off, nor that somebody who may write the database made all of them anew: only a head that is kept where that somebody cannot write tells it. A head is the number and the hash of the last entry, as 4711:9f86d081…; the server writes it to its log each hour as well. What was added after the head and cut off again before the next one is not seen.',
    )
    .answers(async (session, options: ExportOptions) =>
      withFleet(session, (fleet) => exported(fleet, options)),
    );
  withServer(verb);
}

async function exported({ client, session }: Fleet, { verify, headFile }: ExportOptions): Promise<Answer> {
  const { io } = session;
  const path = headFile === undefined ? undefined : resolve(io.cwd, headFile);
  const known = path === undefined ? undefined : await readHead(path);
  const items = await Array.fromAsync(client.lines('exportAudit'));
  const { verifyAudit } = await import('@holdfast/server/audit');
  const isVerified = verify === true || path !== undefined;
  const flaw = isVerified ? await verifyAudit(items, known) : undefined;
  const { n, hash } = items.at(-1) ?? {};
  const head = n === undefined || hash === undefined ? undefined : { n, hash };
  if (isVerified && flaw === undefined) {
    if (path !== undefined && head !== undefined) await writeSecret(path, `${headWord(head)}\n`);
    if (path !== undefined && known === undefined)
      session.warn(`there was no head of before in ${path}: what was cut off until now is not seen`);
    const since = known === undefined ? '' : `, ${items.length - known.n} since the head of before`;
    if (session.format !== 'json')
      io.stderr.write(
        `${items.length} entries follow each other${since}; the head is ${head === undefined ? 'none' : headWord(head)}\n`,
      );
  }
  return {
    json: { apiVersion, kind: 'AuditExport', head: head ?? null, items },
    names: items.map((item) => String(item.n)),
    text: () => items.map((item) => `${JSON.stringify(item)}\n`).join(''),
    ...(flaw !== undefined && { failure: new Failure('audit-broken', flaw.why, { n: flaw.n }) }),
  };
}

function headWord({ n, hash }: AuditHead): string {
  return `${n}:${hash}`;
}

/** The head in a file; undefined where there is none yet. @throws Failure file-unreadable */
async function readHead(path: string): Promise<AuditHead | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
  const [, n, hash] = /^(\d{1,15}):([0-9a-f]{64})\s*$/.exec(text) ?? [];
  if (n !== undefined && hash !== undefined) return { n: Number(n), hash };
  throw new Failure('file-unreadable', 'it is no head, which is like 4711:9f86d081…', { path });
}
