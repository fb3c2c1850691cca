import { expect, test } from 'vitest';
import type { Style } from '../term/style.ts';
import { serverLine } from './server-log.ts';

const plainStyle: Style = (_tone, text) => text;

test('a line of the log is told with its time, its level and what else is known', () => {
  const line = JSON.stringify({
    ...{ level: 'warning', time: '2026-11-22T10:00:00.000Z', message: 'a request failed' },
    ...{ status: 503, route: '/v1/clusters' },
  });
  expect(serverLine(line, true, plainStyle)).toBe(
    '2026-11-22T10:00:00Z warning a request failed status=503 route=/v1/clusters\n',
  );
});

test('what would move the cursor is not told as it is', () => {
  const line = JSON.stringify({ level: 'info', time: '2026-11-22T10:00:00.000Z', message: 'a\u001b[2Jb' });
  expect(serverLine(line, true, plainStyle)).not.toContain('\u001b');
});
