import type { Verb } from '../program/verb.ts';
import { addAuditExport } from './audit-export.ts';

export function addAudit(parent: Verb): void {
  const audit = parent.command('audit');
  audit.description('Who did what over a server.');
  addAuditExport(audit);
}
