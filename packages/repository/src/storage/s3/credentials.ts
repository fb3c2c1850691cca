import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Settings } from './settings.ts';

type Credentials = NonNullable<S3ClientConfig['credentials']>;

/** The way of requests to a token service: to the one that was named, else to AWS's. */
type WayTo = (endpoint: string | undefined) => NonNullable<S3ClientConfig['requestHandler']>;

/**
 * What requests are signed with: the keys that were given, else whatever AWS's own tools would find; on top of either
 * a role. Each is asked again shortly before it expires, and when the server refuses it.
 */
export function credentialsOf(
  { credentials, role }: S3Settings,
  region: string | undefined,
  wayTo: WayTo,
): Credentials {
  const base =
    credentials ??
    fromNodeProviderChain({ clientConfig: { requestHandler: wayTo(undefined) }, ignoreCache: true });
  if (role === undefined) return base;
  const { arn, sessionName = 'holdfast', externalId, endpoint } = role;
  return fromTemporaryCredentials({
    masterCredentials: base,
    params: {
      RoleArn: arn,
      RoleSessionName: sessionName,
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
    },
    clientConfig: {
      requestHandler: wayTo(endpoint),
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
    },
  });
}
