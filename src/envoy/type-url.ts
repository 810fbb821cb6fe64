/** The `@type` of an Envoy message: `type.googleapis.com/envoy.…`. */
export function typeUrl(message: string): string {
  return `type.googleapis.com/envoy.${message}`;
}
