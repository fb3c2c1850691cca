import { Failure } from '@holdfast/base';
import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet, type Fleet } from '../remote/connection.ts';
import { apiVersion, type Answer } from '../term/answer.ts';

interface ExportOptions {
  readonly verify?: true;
}

export function addAuditExport(parent: Verb): void {
  const verb = parent.command('export');
  verb
    .description('Print the whole audit log of a server, a JSON object a line.')
    .option('--verify', 'follow its hashes as well: exit 4 when an entry was changed, left out or put in')
    .example('Into a file that is kept elsewhere', 'holdfast audit export --verify > audit.jsonl')
    .remark(
      'Its hashes cannot tell that the newest entries were cut off, nor that somebody who may write the database made all of them anew: keep the last line of each export in another place, and compare.',
    )
    .answers(async (session, options: ExportOptions) =>
      withFleet(session, (fleet) => exported(fleet, options)),
    );
  withServer(verb);
}

async function exported({ client, session }: Fleet, { verify }: ExportOptions): Promise<Answer> {
  const items = await Array.fromAsync(client.lines('exportAudit'));
  const { verifyAudit } = await import('@holdfast/server/audit');
  const flaw = verify === true ? await verifyAudit(items) : undefined;
  const last = items.at(-1);
  if (verify === true && flaw === undefined && session.format !== 'json')
    session.io.stderr.write(
      `${items.length} entries follow each other; the last has hash ${last?.hash ?? 'none'}\n`,
    );
  return {
    json: { apiVersion, kind: 'AuditExport', items },
    names: items.map(({ n }) => String(n)),
    text: () => items.map((item) => `${JSON.stringify(item)}\n`).join(''),
    ...(flaw !== undefined && { failure: new Failure('audit-broken', flaw.why, { n: flaw.n }) }),
  };
}
