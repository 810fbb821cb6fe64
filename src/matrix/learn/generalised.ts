/** What is of one thing and not of a kind: numbers, UUIDs, hex, dates, `inv-7`, e-mail addresses, escapes, long text. */
const VARIABLE = [
  /^\d+$/,
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  /^(?=.*\d)[0-9a-f]{8,}$/i,
  /^(?=.*\d)[0-9A-Za-z_-]{16,}$/,
  /^\d{4}-\d{2}(?:-\d{2})?$/,
  /^[A-Za-z]+[-_]\d+(?:[-_]\d+)*$/,
  /[^A-Za-z0-9\-._~]/,
  /^.{41,}$/,
];

/** A path as a template: what differs from request to request is `{id}`, `{id2}`, … */
export function generalised(path: string): string {
  let count = 0;
  const segments = path
    .slice(1)
    .split('/')
    .map((segment) => {
      if (segment === '' || !VARIABLE.some((pattern) => pattern.test(segment))) return segment;
      count += 1;
      return count === 1 ? '{id}' : `{id${count}}`;
    });
  return `/${segments.join('/')}`;
}
