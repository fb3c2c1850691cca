import { pino, type Logger } from 'pino';

/** Where lines of the log go: each one JSON object, with its line feed. */
export interface LogSink {
  write(line: string): void;
}

/** What is never written, whoever hands it to the log. */
const secrets = ['authorization', 'token', 'password', 'secret', 'secrets', 'key', 'cookie'];

/** A log in the form that agents have too: `time`, `level`, `message`, and what else is known. */
export function makeLog(sink: LogSink, level: 'debug' | 'info' | 'warn' | 'error' = 'info'): Logger {
  return pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label === 'warn' ? 'warning' : label }) },
      redact: { paths: secrets.flatMap((name) => [name, `*.${name}`]), censor: '…' },
    },
    sink,
  );
}
