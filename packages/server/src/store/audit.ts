import type { AuditEntry } from '@holdfast/model/fleet';
import type { Page, PageAsked } from './store.ts';

/** Append-only; each entry's hash covers the one before it. */
export interface AuditTable {
  /** Numbers, chains and hashes it; two at once follow each other. */
  append(entry: Omit<AuditEntry, 'n' | 'before' | 'hash'>): Promise<AuditEntry>;
  /** By number. */
  list(
    asked: PageAsked & {
      readonly cluster?: string | undefined;
      readonly by?: string | undefined;
      readonly since?: string | undefined;
    },
  ): Promise<Page<AuditEntry>>;
  last(): Promise<AuditEntry | undefined>;
}
