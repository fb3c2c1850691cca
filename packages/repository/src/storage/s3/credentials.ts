import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Settings } from './settings.ts';

type Credentials = NonNullable<S3ClientConfig['credentials']>;

/**
 * What requests are signed with: the keys that were given, else whatever AWS's own tools would find; on top of either
 * a role. Each is asked again shortly before it expires.
 *
 * @param client how token services are reached: the region and the way of requests
 */
export function credentialsOf(
  { credentials, role }: S3Settings,
  client: Pick<S3ClientConfig, 'region' | 'requestHandler'>,
): Credentials {
  const base =
    credentials ?? fromNodeProviderChain({ clientConfig: { requestHandler: client.requestHandler } });
  if (role === undefined) return base;
  return fromTemporaryCredentials({
    masterCredentials: base,
    params: {
      RoleArn: role.arn,
      RoleSessionName: role.sessionName ?? 'holdfast',
      ...(role.externalId === undefined ? {} : { ExternalId: role.externalId }),
    },
    clientConfig: { ...client, ...(role.endpoint === undefined ? {} : { endpoint: role.endpoint }) },
  });
}
