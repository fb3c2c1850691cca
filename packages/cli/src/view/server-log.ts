import type { Style } from '../term/style.ts';
import { eventLine } from './agent-log.ts';

const levels: Readonly<Record<string, 'info' | 'warning' | 'error'>> = {
  ...{ debug: 'info', info: 'info', warning: 'warning', error: 'error', fatal: 'error' },
};

/** A line of the server's log, as JSON, for a person at a terminal: as the agent's, with what else is known behind it. */
export function serverLine(line: string, utc: boolean, style: Style): string {
  const { time, level, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${wordOf(value)}`);
  return eventLine(
    {
      at: new Date(String(time)),
      level: levels[String(level)] ?? 'info',
      event: 'server',
      text: [String(message), ...rest].join(' '),
    },
    utc,
    style,
  );
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
