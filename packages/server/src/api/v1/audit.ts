import type { AuditEntry } from '@holdfast/model/fleet';
import type { ServerContext } from '../../context.ts';
import type { Handlers } from '../handler.ts';

const together = 500;

/** The audit log as it is read. */
export function auditHandlers({
  store,
}: Pick<ServerContext, 'store'>): Handlers<'listAudit' | 'exportAudit'> {
  return {
    async listAudit({ query }) {
      const { items, next } = await store.audit.list(query);
      return { items: [...items], next };
    },
    exportAudit: ({ signal }) => everything(signal),
  };

  async function* everything(signal: AbortSignal): AsyncIterable<AuditEntry> {
    let after: string | undefined;
    do {
      signal.throwIfAborted();
      const page = await store.audit.list({ limit: together, after });
      yield* page.items;
      after = page.next ?? undefined;
    } while (after !== undefined);
  }
}
