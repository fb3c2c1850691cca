import type { Clock } from '@holdfast/base';

/** A stream that text is written to; a terminal says so and knows its width. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Characters per line. */
  readonly columns?: number;
}

/** Everything a command may touch of the process it runs in; tests bring their own. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** The answer, and nothing else. */
  readonly stdout: Sink;
  /** Progress, notes, questions and failures. */
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths on the command line start here. */
  readonly cwd: string;
  /** The user's home folder. */
  readonly home: string;
  /** Whether this is the user root; false when absent. */
  readonly isRoot?: boolean;
  /** The folder of the machine's configuration files, `/etc`. */
  readonly etc: string;
  readonly clock: Clock;
  /** Aborted by SIGINT, SIGTERM and SIGHUP, with a Failure as its reason. */
  readonly signal: AbortSignal;
  /** Has SIGHUP do this instead of ending the command. */
  readonly onHangup?: (act: () => void) => void;
}
