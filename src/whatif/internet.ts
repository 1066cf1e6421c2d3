/**
 * A model of the internet as a client with IPv4 and IPv6 meets it at names that have both: all its parameters, each with its source.
 * Times in ms, shares from 0 to 1.
 *
 * What is marked *measured* is taken from a publication. What is marked *fitted* was chosen so that a race with the default options
 * comes to what is published of the whole; to agree with that is no merit of the model. What is marked *assumed* has no source, and
 * little depends on it.
 */
export interface Internet {
  /** Races of one client before the next comes; all of them on its network. */
  readonly racesOfAClient: number;
  /** Names to which a client connects; it prefers the first, as `1/rank`. */
  readonly sitesOfAClient: number;
  /** The round trip to the edge of the client's network. */
  readonly access: LogNormal;
  /** The round trip from there to a site. */
  readonly distance: LogNormal;
  /** How much a round trip differs from the usual one of its path: in one race, and in one attempt. */
  readonly moment: Spread;
  readonly jitter: Spread;
  /** Sites whose IPv6 path is another than that of IPv4, and the ratio of the two round trips. On the others they are alike. */
  readonly otherRoute: { readonly share: number; readonly sigma: number };
  /** Loss of the packet that opens a connection, or of its answer, by kind of network. */
  readonly loss: readonly (readonly [loss: number, share: number])[];
  /** When a lost opening is sent again; each time after twice as long. */
  readonly firstRetransmission: number;
  /** The share of clients whose IPv6 is dead, by kind of network. */
  readonly deadIPv6: readonly (readonly [dead: number, share: number])[];
  /** Dead paths of IPv6 that a router reports, in half of a round trip; the others are silent. */
  readonly reported: number;
  /** Paths to a site over IPv4 that are dead. */
  readonly deadIPv4: number;
  /** Sites of which some servers are down, and the share of their addresses of which that is true. */
  readonly partlyDown: { readonly share: number; readonly addresses: number };
  /** Addresses of a site in each family. */
  readonly addresses: readonly (readonly [count: number, share: number])[];
  /** When the first answer of the DNS comes. */
  readonly firstAnswer: LogNormal;
  /** By how much the other family's answer is later, as often the one as the other: exponential with this mean. */
  readonly answerGap: number;
  /** Sites whose AAAA query is never answered. */
  readonly silentAAAA: number;
  /** Networks in which HTTPS queries are never answered. */
  readonly silentHTTPS: number;
}

interface LogNormal {
  readonly median: number;
  readonly sigma: number;
}

/** The standard deviation of the logarithm; the median is 1. */
interface Spread {
  readonly sigma: number;
}

/** The 99th percentile of an exponential distribution, in multiples of its mean. */
const P99_IN_MEANS = Math.log(100);

export const INTERNET: Internet = {
  // Assumed. Only how alike the races of a recording are depends on it.
  racesOfAClient: 100,
  sitesOfAClient: 6,

  // Fitted: with the DNS below, look-up, TCP and TLS take 74 ms in half of all cases, as end to end with Firefox Nightly's 15,000
  // clients (draft-ietf-happy-happyeyeballs-v3, issue 138). That 1 to 2 % of connections over IPv6 take over 300 ms is measured
  // (Bajpai and Schönwälder, "Measuring the Effects of Happy Eyeballs", ANRW 2016), and comes out.
  access: { median: 8, sigma: 1 },
  distance: { median: 14, sigma: 1 },

  // Assumed.
  moment: { sigma: 0.1 },
  jitter: { sigma: 0.08 },

  // Measured: 18 % of dual-stack sites were faster over IPv6, and 91 % of the others at most 1 ms slower (Bajpai and Schönwälder,
  // as above). So 7 % were slower by more; as many faster ones make 15 %. "Roughly
  // equivalent on average, but with some significant outliers" (G. Huston, APNIC). The spread is assumed.
  otherRoute: { share: 0.15, sigma: 0.35 },

  // Measured: about 2 % of three-way handshakes have a retransmission (RFC 6298, appendix A). That losses are those of few networks
  // is assumed: 0.8 % in nine of ten, 12.8 % in the tenth.
  loss: [
    [0.008, 0.9],
    [0.128, 0.1],
  ],
  // RFC 6298, section 2.1.
  firstRetransmission: 1000,

  // Measured: 1.4 % of IPv6 connections fail; in most networks next to none, in some 6 to 10 % "over 2 years", in a few most of them
  // (G. Huston, "IPv6 Reliability Measurements", RIPE 78, 2019). The shares of networks are fitted to the mean.
  deadIPv6: [
    [0.002, 0.89],
    [0.08, 0.1],
    [0.4, 0.01],
  ],
  // Assumed: most failures are filters, which say nothing.
  reported: 0.1,

  // Measured: 0.2 % of IPv4 connections fail (G. Huston, APNIC, 2016).
  deadIPv4: 0.002,

  // Fitted: attempts after the second win about 1 % of races (Apple 0.85 %, Firefox Nightly 1.2 %).
  partlyDown: { share: 0.02, addresses: 0.65 },

  // Assumed.
  addresses: [
    [1, 0.2],
    [2, 0.5],
    [4, 0.3],
  ],

  // Fitted, as the round trips.
  firstAnswer: { median: 15, sigma: 1 },

  // Measured: the 99th percentile of the gap between A and AAAA is 21 ms (Mozilla's telemetry, in curl's issue 22612).
  answerGap: 21 / P99_IN_MEANS,

  // Assumed. RFC 4074 describes such name servers.
  silentAAAA: 0.0005,

  // Assumed.
  silentHTTPS: 0.01,
};
