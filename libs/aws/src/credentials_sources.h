/* The sources of credentials that need the network. Private to libs/aws.
 *
 * Each reads environment, profile files and token files anew at each load. http is borrowed and outlives the
 * provider. */
#ifndef AWS_SRC_CREDENTIALS_SOURCES_H
#define AWS_SRC_CREDENTIALS_SOURCES_H

#include "credentials_provider.h"
#include "http/client.h"

/* STS AssumeRole for a profile with role_arn and source_profile or credential_source. NOT_FOUND: the profile has
 * none. */
struct aws_credentials_provider *credentials_role_new(struct loop *loop, struct http_client *http);

/* STS AssumeRoleWithWebIdentity: AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME, each else by the
 * profile. source_profile (copied; NULL: by the environment): that profile alone, and nothing of the environment.
 * NOT_FOUND: there is no token file. */
struct aws_credentials_provider *credentials_web_identity_new(struct loop *loop, struct http_client *http,
                                                              const char *source_profile);

/* AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, else AWS_CONTAINER_CREDENTIALS_FULL_URI, with
 * AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE (read for each request), else AWS_CONTAINER_AUTHORIZATION_TOKEN. NOT_FOUND:
 * no URI. */
struct aws_credentials_provider *credentials_container_new(struct loop *loop, struct http_client *http);

/* The EC2 instance's metadata service, version 2, and version 1 where that is allowed. NOT_FOUND: switched off,
 * nobody there, or the instance has no role. */
struct aws_credentials_provider *credentials_instance_new(struct loop *loop, struct http_client *http);

#endif
