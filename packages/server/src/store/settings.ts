/** What the server as a whole has, by name: its CA, sealed; its id. */
export interface SettingTable {
  get(name: string): Promise<Uint8Array | undefined>;
  /** Sets it where nothing is there. @returns what is there now: replicas that begin at once agree */
  setOnce(name: string, value: Uint8Array): Promise<Uint8Array>;
  set(name: string, value: Uint8Array): Promise<void>;
  /**
   * Takes a duty that one replica has at a time, as `alerts`; kept by asking again.
   *
   * @returns whether this one has it
   */
  lead(duty: string, replica: string, now: string, until: string): Promise<boolean>;
}

/** A reply that is given again to who asks again with the same key. */
export interface StoredReply {
  /** A keyed hash of method, path and body. */
  readonly request: string;
  /** Null while the first request is still at work. */
  readonly reply: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  } | null;
  /** Until when whoever has begun it has said that it is at work; once it is answered, until when the reply is kept. */
  readonly until: string;
}

export interface ReplyTable {
  /** Begins one. @returns what is there already under this user and key; undefined: it is begun now */
  begin(user: string, key: string, request: string, until: string): Promise<StoredReply | undefined>;
  /** It is still at work. */
  hold(user: string, key: string, until: string): Promise<void>;
  finish(user: string, key: string, reply: NonNullable<StoredReply['reply']>, until: string): Promise<void>;
  /** The request has failed and may be made again. */
  forget(user: string, key: string): Promise<void>;
  /** @param unanswered those that were never answered and whose time was over before this go as well */
  removeExpired(before: string, unanswered: string): Promise<void>;
}
