// What came of the clients, as rows of cells, and which cells are worse with register than without.
import { readFileSync } from 'node:fs';
import { URL } from 'node:url';
import { CLIENTS } from './clients.mjs';
import { NETWORKS, SECURE } from './networks.mjs';

/** ms by which the good network may be slower with register: a busy machine, and code that runs for the first time. */
const GOOD_MARGIN = 1000;
/** ms by which another may be slower, beyond what the good one is. */
const MARGIN = 400;
/** ms within which a TLS client has to get through where the first address stalls, beyond what it takes by itself. */
const STALL_LIMIT = 600;

/** Results as rows: one for each client and server, with the times of each network, `undefined` where nothing came. */
export function cellsOf(results) {
  return results.flatMap(({ client, plain, raced }) => {
    const { name, from, races, over } = CLIENTS[client];
    return over.map((server) => {
      const isSecure = SECURE.has(server);
      const networks = Object.keys(NETWORKS).filter((network) => isSecure || !NETWORKS[network].isForTls);
      const cells = Object.fromEntries(
        networks.map((network) => [network, { plain: plain[server]?.[network], raced: raced[server]?.[network] }]),
      );
      return { client, name, version: from ? versionOf(from) : '', server, isSecure, races, cells };
    });
  });
}

function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;
}

/** The cells that are not as they should be, each with a message. */
export function problemsOf(rows, { isStallRequired }) {
  return rows.flatMap(({ client, name, server, races, cells }) =>
    Object.entries(cells).flatMap(([network, { plain, raced }]) => {
      const what =
        wrong(plain, raced, network === 'good' ? GOOD_MARGIN : MARGIN + excess(cells.good)) ??
        (isStallRequired && NETWORKS[network].isForTls && !races.startsWith('not')
          ? stalled(raced, cells.good.plain)
          : undefined);
      return what ? [{ client, server, network, message: `${name} (${server}), ${NETWORKS[network].title}: ${what}` }] : [];
    }),
  );
}

/** ms that an exchange takes longer with register where nothing is wrong. */
const excess = ({ plain = 0, raced = 0 }) => Math.max(raced - plain, 0);

function wrong(plain, raced, margin) {
  if (plain === undefined) return undefined;
  if (raced === undefined) return `works plain, in ${plain} ms, and not with register`;
  return raced > plain + margin ? `${plain} ms plain, and ${raced} ms with register` : undefined;
}

function stalled(raced, own = 0) {
  if (raced === undefined) return 'does not get through with register';
  return raced > own + STALL_LIMIT
    ? `${raced} ms with register, which is more than ${STALL_LIMIT} above the ${own} of the client itself`
    : undefined;
}

/** Where a bystander sees something else with register or an agent than it sees plain, or a request does not get through. */
export function bystanderProblems({ bystander, results }) {
  return Object.entries(results).flatMap(([situation, outcome]) => {
    const [network] = situation.split(', ');
    const plain = results[`${network}, plain`];
    return ['http', 'https'].flatMap((scheme) => {
      const [expected, seen] = [plain[scheme], outcome[scheme]];
      // What does not work plain need not work.
      if (seen === expected || typeof expected !== 'number') return [];
      return [`${bystander} (${situation}, ${scheme}): ${seen ?? 'the process ended'}, and plain ${expected}`];
    });
  });
}
