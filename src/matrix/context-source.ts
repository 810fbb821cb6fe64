import type { ContextSource } from './hop.ts';

/** `path.region` → path, region; `body./a/b` → body, /a/b. The schema has checked the form. */
export function parseContextSource(text: string): ContextSource {
  const dot = text.indexOf('.');
  return Object.freeze({ from: text.slice(0, dot) as ContextSource['from'], name: text.slice(dot + 1) });
}
