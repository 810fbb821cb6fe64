import { readFileSync } from 'node:fs';

/** USER_HZ: Linux gives user space the times of proc(5) in hundredths of a second, on every machine. */
const TICKS_PER_SECOND = 100;

/** Processor time that a process has used, its threads and the kernel's work for it included, in microseconds. */
export function cpuMicroseconds(pid: number): number {
  // The second field is the command in parentheses, and may hold anything; utime and stime are fields 14 and 15.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
}

/** Memory of a process that is in RAM now, in bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
