import type { Order, OrderKind } from '@holdfast/model/fleet';

/** An order of the server. */
export function orderOf(id: string, kind: OrderKind, input: Record<string, unknown>): Order {
  return {
    ...{ id, kind, input, operation: 'op-first', node: 'n-first', issuedBy: 'server' },
    createdAt: '2026-11-20T10:00:00.000Z',
    deadline: null,
  };
}
