/** Many clients stop reading a header at 2 KiB, and headers.ts refuses a longer one. */
const LONGEST = 2048;

/**
 * Adds to a challenge where the resource's metadata is (RFC 9728 §5.1) and, unless it says so already, which scopes to ask
 * for, as the MCP authorization spec wants of 401 and of 403 `insufficient_scope`. What makes it too long is left out:
 * the challenge itself counts more.
 */
export function resourceChallenge(challenge: string, resourceMetadata: string, scopes: readonly string[] = []): string {
  const wanted = [`resource_metadata="${resourceMetadata}"`];
  if (scopes.length > 0 && !challenge.includes('scope=')) wanted.push(`scope="${scopes.join(' ')}"`);
  let text = challenge;
  for (const parameter of wanted) {
    const longer = `${text}${text.includes(' ') ? ',' : ''} ${parameter}`;
    if (longer.length <= LONGEST) text = longer;
  }
  return text;
}
