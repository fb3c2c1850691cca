/** Something that happened, for the log. Holds no secret. */
export interface DaemonEvent {
  readonly at: Date;
  readonly level: 'info' | 'warning' | 'error';
  /** One word or two, always the same for one kind of event: `run-ended`. */
  readonly event: string;
  /** One sentence for people, without a full stop. */
  readonly text: string;
  /** Values for machines. */
  readonly fields?: Readonly<Record<string, string | number | null>>;
}

/** Who is told of events, in their order. Does not throw. */
export type DaemonLog = (event: DaemonEvent) => void;
