/**
 * npm leaves an optional package out of package-lock.json when the registry it asks has no copy for some platform, and
 * then `npm ci` refuses the lockfile everywhere (`Missing: … from lock file`). This completes it.
 *
 *   node scripts/complete-lockfile.js              adds what is missing, with the integrity that `npm view` gives
 *   node scripts/complete-lockfile.js --no-lookup  adds what is missing without asking the registry
 *   node scripts/complete-lockfile.js --check      changes nothing, asks nobody; exit 4 if something is missing
 *
 * Where the registry does not have the package either, the entry has no integrity: npm then takes the hash that the
 * registry states at install time. Run this again where the registry has it, and the hash is filled in.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LOCKFILE = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const OS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const CPU = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** Finds `name` the way Node resolves it: from `parent`'s own node_modules outwards. */
function locate(packages, parent, name) {
  for (let at = parent; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = `${at}${at === '' ? '' : '/'}node_modules/${name}`;
    if (packages[path] !== undefined || at === '') {
      return packages[path] === undefined ? undefined : path;
    }
  }
}

/** Platform packages carry their platform in their name: `@oxlint/binding-linux-arm64-musl`. */
function platformOf(name) {
  const words = name.slice(name.indexOf('/') + 1).split('-');
  const os = words.find((word) => OS.includes(word));
  const cpu = words.find((word) => CPU.includes(word));
  const libc = words.includes('musl') ? 'musl' : words.includes('gnu') ? 'glibc' : undefined;
  return os === undefined || cpu === undefined
    ? {}
    : { cpu: [cpu], ...(os === 'linux' && libc !== undefined && { libc: [libc] }), os: [os] };
}

function missing(packages) {
  return Object.entries(packages).flatMap(([parent, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => locate(packages, parent, name) === undefined)
      .map(([name, version]) => ({ parent, name, version, dev: entry.dev === true, peer: entry.peer === true })),
  );
}

/** What the registry says of one exact version; undefined where it has no such version. */
function lookUp(name, version) {
  try {
    const args = ['view', `${name}@${version}`, 'dist.integrity', 'license', 'os', 'cpu', 'libc', 'engines', '--json'];
    const found = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return found['dist.integrity'] === undefined ? undefined : found;
  } catch {
    return undefined;
  }
}

function entryOf({ name, version, dev, peer }, found) {
  const { 'dist.integrity': integrity, license, os, cpu, libc, engines } = found ?? {};
  const platform = os === undefined ? platformOf(name) : { cpu, libc, os };
  return JSON.parse(
    JSON.stringify({
      version,
      integrity,
      cpu: platform.cpu,
      dev: dev || undefined,
      libc: platform.libc,
      license,
      optional: true,
      os: platform.os,
      peer: peer || undefined,
      engines,
    }),
  );
}

function sorted(packages) {
  return Object.fromEntries(Object.entries(packages).toSorted(([a], [b]) => a.localeCompare(b, 'en')));
}

/** Faults of a lockfile, each a sentence. */
function faults(packages) {
  const found = missing(packages).map(
    ({ parent, name, version }) => `${name}@${version} (wanted by ${parent}) is missing`,
  );
  for (const [path, entry] of Object.entries(packages)) {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const { os, cpu } = platformOf(name);
    if (entry.resolved !== undefined) {
      found.push(`${path} names the registry it came from; keep omit-lockfile-registry-resolved=true in .npmrc`);
    }
    if (entry.integrity === undefined && path !== '' && !(entry.optional === true && entry.os !== undefined)) {
      found.push(`${path} has no integrity`);
    }
    if (os !== undefined && entry.os !== undefined && `${entry.os}/${entry.cpu}` !== `${os}/${cpu}`) {
      found.push(`${path} is for ${entry.os}/${entry.cpu}, but its name says ${os}/${cpu}`);
    }
  }
  return found;
}

function complete(packages, lookup) {
  let unknown = 0;
  const wanted = [
    ...missing(packages),
    ...(lookup
      ? Object.entries(packages)
          .filter(([path, entry]) => path !== '' && entry.integrity === undefined)
          .map(([path, entry]) => ({ ...entry, path, name: path.slice(path.lastIndexOf('node_modules/') + 13) }))
      : []),
  ];
  for (const [index, want] of wanted.entries()) {
    process.stderr.write(`${index + 1}/${wanted.length} ${want.name}@${want.version}\n`);
    const found = lookup ? lookUp(want.name, want.version) : undefined;
    unknown += found === undefined ? 1 : 0;
    packages[want.path ?? `node_modules/${want.name}`] = entryOf(want, found);
  }
  return { added: wanted.length, unknown };
}

const lockfile = JSON.parse(readFileSync(LOCKFILE, 'utf8'));
if (!process.argv.includes('--check')) {
  const { added, unknown } = complete(lockfile.packages, !process.argv.includes('--no-lookup'));
  lockfile.packages = sorted(lockfile.packages);
  writeFileSync(LOCKFILE, `${JSON.stringify(lockfile, null, 2)}\n`);
  console.error(`package-lock.json: ${added} entries completed, ${unknown} of them without integrity.`);
}
const wrong = faults(lockfile.packages);
for (const fault of wrong) {
  console.error(`package-lock.json: ${fault}`);
}
if (wrong.length > 0) {
  console.error('Run `node scripts/complete-lockfile.js` and commit the result.');
  process.exitCode = 4;
}
