import type { PathTemplate } from './path-template.ts';

/** A template without its names: two of the same shape fit the same paths. */
export function templateShape({ parts }: PathTemplate): string {
  return parts.map((part) => ('literal' in part ? part.literal : part.tail ? '{+}' : '{}')).join('/');
}
