import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault } from './faults.ts';

/** Answers in the server's place, as S3 does: after the request was read to its end, and without a body to a HEAD. */
export async function answerOurselves(
  request: IncomingMessage,
  response: ServerResponse,
  fault: Extract<Fault, { kind: 'answer' | 'skewed' }>,
  answering: (status: number) => void,
): Promise<void> {
  for await (const _chunk of request);
  const { status, xml, headers } = fault.kind === 'answer' ? refusal(fault) : skewed(fault.seconds);
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${xml}<RequestId>0</RequestId></Error>`;
  answering(status);
  response.writeHead(status, {
    'Content-Type': 'application/xml',
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

interface Answer {
  readonly status: number;
  readonly xml: string;
  readonly headers: Readonly<Record<string, string>>;
}

function refusal({ status, code, message = code }: Extract<Fault, { kind: 'answer' }>): Answer {
  return { status, xml: `<Code>${code}</Code><Message>${message}</Message>`, headers: {} };
}

function skewed(seconds: number): Answer {
  const now = new Date();
  const server = new Date(now.getTime() + seconds * 1000);
  const message = 'The difference between the request time and the current time is too large.';
  const xml = [
    `<Code>RequestTimeTooSkewed</Code><Message>${message}</Message>`,
    `<RequestTime>${now.toISOString()}</RequestTime><ServerTime>${server.toISOString()}</ServerTime>`,
    '<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>',
  ];
  return { status: 403, xml: xml.join(''), headers: { Date: server.toUTCString() } };
}
