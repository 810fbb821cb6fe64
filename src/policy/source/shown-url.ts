/** The URL of a bundle server, for people: without its query, which is the secret of a pre-signed URL. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
