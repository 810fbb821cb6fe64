import { statSync } from 'node:fs';
import { fileReason, shownPath } from '../config/problem.ts';
import { StartError } from './failure.ts';

/**
 * Makes sure that there is a folder to work in: without one, a process does not start, and says nothing of why.
 * @throws StartError
 */
export function requireFolder(path: string): void {
  try {
    if (statSync(path).isDirectory()) return;
  } catch (error) {
    throw new StartError(
      `${shownPath(path)} cannot be read: ${fileReason(error)}; \`behalf policy init\` makes a folder`,
      {
        cause: error,
      },
    );
  }
  throw new StartError(`${shownPath(path)} is a file; name the folder that holds the Rego`);
}
