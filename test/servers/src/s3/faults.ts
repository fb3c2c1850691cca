/**
 * One thing that goes wrong with a request. Bytes are counted in the body, never in the headers.
 * - `answer`: the server never sees the request, the proxy answers with this status and S3's XML; as 503, SlowDown.
 * - `skewed`: the same with RequestTimeTooSkewed, and a Date that is off by `seconds`.
 * - `cut-request`: the connection is cut when `afterBytes` of the request's body, or all of a shorter one, went to the server.
 * - `cut-answer`: the same with the answer's body, whose length was promised in full.
 * - `lost-answer`: the server does what was asked and answers, then the connection is cut: nothing of the answer arrives.
 * - `throttle`: the bodies of request and answer pass at this rate.
 * - `torn-answer`: the answer's body ends after `keepBytes` and its length says so too: it looks whole.
 * - `flipped-request`, `flipped-answer`: one bit of the byte at this offset is flipped; lengths stay right.
 * - `lagging-list`: answers what the server last answered to the same list. Until there is such an answer the rule matches nothing.
 */
export type Fault =
  | { readonly kind: 'answer'; readonly status: number; readonly code: string; readonly message?: string }
  | { readonly kind: 'cut-request'; readonly afterBytes: number }
  | { readonly kind: 'cut-answer'; readonly afterBytes: number }
  | { readonly kind: 'lost-answer' }
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  | { readonly kind: 'torn-answer'; readonly keepBytes: number }
  | { readonly kind: 'flipped-request'; readonly atByte: number }
  | { readonly kind: 'flipped-answer'; readonly atByte: number }
  | { readonly kind: 'skewed'; readonly seconds: number }
  | { readonly kind: 'lagging-list' };

/** Which requests a fault befalls, counted in the order they arrive from when the rule was given. */
export interface FaultRule {
  /** Any if not said. */
  readonly method?: string;
  /** Is searched in path and query as they were sent, as `/bucket/folder/key?partNumber=2&uploadId=…`. */
  readonly target?: RegExp;
  /** The first request of those that match that it befalls; 1 if not said. */
  readonly nth?: number;
  /** How many one after another; 1 if not said, Infinity for all from then on. */
  readonly times?: number;
  readonly fault: Fault;
}

/** A rule that was given to a proxy. */
export interface PlannedFault {
  /** How many requests it has befallen. */
  readonly hits: number;
  /** Takes it back. */
  remove(): void;
}

/** A request that came to a proxy. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** The status that was sent back; undefined until then, and when the connection was cut before. */
  readonly status: number | undefined;
  readonly fault: Fault['kind'] | undefined;
}

/** What stands in front of a server. `await using` ends it and its connections. */
export interface FaultProxy extends AsyncDisposable {
  /** Has TLS by a private CA of its own, as https://127.0.0.1:20444. */
  readonly endpoint: string;
  readonly httpEndpoint: string;
  /** PEM of that CA. */
  readonly ca: string;
  /** In the order they arrived. */
  readonly requests: readonly SeenRequest[];
  /** From now on. Of several rules that a request falls under, the one given first befalls it; all count it. */
  add(rule: FaultRule): PlannedFault;
}
