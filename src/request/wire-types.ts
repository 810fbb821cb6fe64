/** The generated wire types that the read step takes, under the names that this folder uses. */
export type {
  _envoy_service_auth_v3_AttributeContext_HttpRequest__Output as HttpRequest__Output,
  AttributeContext__Output,
} from '../generated/envoy/service/auth/v3/AttributeContext.ts';
export type { CheckRequest__Output } from '../generated/envoy/service/auth/v3/CheckRequest.ts';
export type { Struct__Output } from '../generated/google/protobuf/Struct.ts';
